import assert from "node:assert/strict";
import { pythonFullMatch, pythonMatch } from "../../src/adapters/peft/regex.ts";
import { peerPython, runPeer } from "./peer.ts";

const python = peerPython();
const ignore = python === undefined;

/** Python's answers for 4,000 random patterns: null where it refuses one. */
const ANSWERS = String.raw`
import json, random, re, warnings
warnings.simplefilter("ignore")
random.seed(7)
atoms = """a b q _ . \\. \\d \\w \\D \\W \\s [ab] [^a] [a-z] []a] [^]a] (a) (a|b) (?:a|b) (?P<n>a) \\A \\Z \\z ^ $ \\b | layers
  q_proj \\_ \\- { } ] a{2} a{,2} a{1,} {,3} \\1 \\0 \\x61 \\u0061 \\Q [\\d.] [[:alpha:]] (?i) (?s) (?!a) (?=a) (?!.*q) (?=.*a) (?<!a)
  (?i:A) (?#x) (?>a) () (?:) [a\\]b] [\\Z] (?-i:a) (?m) (?U) A \\pL [^\\W] [a-] \\N (?a)""".replace("\\\\", "\\").split()
counts = "* + ? *? +? ?? {2} {1,2} ++ *+ {,1} {0}".split()
texts = "a b ab aab q_proj model.layers.0.q_proj layers.1.a A aa a.b { } ] a{,2} - _ ba aaa abab a]b : Q Z".split()
def answers(match):
    try:
        return [bool(match(text)) for text in texts]
    except (re.error, ValueError, OverflowError):
        return None
cases = []
for _ in range(4000):
    parts = [random.choice(atoms) + random.choice(["", "", random.choice(counts)]) for _ in range(random.randint(1, 4))]
    pattern = "".join(parts)
    cases.append([pattern, answers(lambda text: re.fullmatch(pattern, text)),
        answers(lambda text: re.match(rf"(.*\.)?({pattern})$", text))])
print(json.dumps([texts, cases]))
`;

Deno.test(`an expression matches what it matches in Python, or is refused${ignore ? " (skipped: no Python)" : ""}`, {
  ignore,
}, async () => {
  const [texts, cases] = JSON.parse(await runPeer(python!, ANSWERS));
  let same = 0;
  for (const [pattern, whole, end] of cases) {
    for (
      const [theirs, make] of [
        [whole, () => pythonFullMatch(pattern)],
        [end, () => pythonMatch("(?:.*\\.)?(?:", pattern, ")$")],
      ] as const
    ) {
      let ours: boolean[];
      try {
        ours = texts.map(make());
      } catch (error) {
        assert.equal((error as Error).name, "SyntaxError", String(error));
        continue;
      }
      if (theirs === null) continue; // Python refuses it, and so PEFT does
      assert.deepEqual(ours, theirs, `${pattern} on ${texts.filter((_: string, i: number) => ours[i] !== theirs[i])}`);
      same++;
    }
  }
  assert.ok(same > 2_500, `only ${same} expressions are known to both`);
});
