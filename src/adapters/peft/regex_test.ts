import assert from "node:assert/strict";
import { pythonFullMatch, pythonMatch } from "./regex.ts";

const q = "model.layers.0.self_attn.q_proj";

/** Answers of Python 3.11's `re.fullmatch`. */
const answers: [pattern: string, text: string, matches: boolean][] = [
  ["a|ab", "ab", true],
  ["a", "ab", false],
  [".*\\.(q|v)_proj", q, true],
  ["\\A(?P<n>[0-9])x\\Z", "1x", true],
  ["(?i)MODEL.*Q_PROJ", q, true],
  ["(?s:.)*", q, true],
  ["a\\\\Z", "a\\Z", true],
  ["q\\_proj", "q_proj", true],
  ["a{,2}", "aa", true],
  ["a{,2}", "a{,2}", false],
  ["[{,2]+", "{,2", true],
  ["[]a]", "]", true],
  ["[^]]+", "ab", true],
  ["[(?=]+", "(?=", true],
  ["^(?!.*k_proj).*_proj$", q, true],
  ["^(?!.*q_proj).*_proj$", q, false],
  ["(?=.*attn)(?!.*mlp).*", q, true],
  ["(?=.*mlp).*", q, false],
  ["(?!a|b)c", "c", true],
  ["(([a-z0-9._])+)+X", q.repeat(40), false],
];
for (const [pattern, text, matches] of answers) {
  Deno.test(`pythonFullMatch() answers ${matches} for ${pattern} on ${text.slice(0, 40)}`, () => {
    assert.equal(pythonFullMatch(pattern)(text), matches);
  });
}

Deno.test("pythonMatch() matches from the start, and gives the last group", () => {
  const found: (string | null)[] = [];
  const number = (pattern: string) =>
    pythonMatch("(?:^|.*?\\.)", pattern, "\\.(\\d+)\\.", (group) => found.push(group));
  assert.equal(number("layers")("model.layers.12.experts.3.up"), true);
  assert.equal(number("experts")("model.layers.12.experts.3.up"), true);
  assert.equal(number("blocks")("model.layers.12.up"), false);
  assert.equal(number("model|layers")("model.layers.12.up"), true);
  assert.deepEqual(found, ["12", "3", null]);
});

const refused: [pattern: string, why: string][] = [
  ["(", "missing closing )"],
  ["a)|(?:b", "unbalanced )"],
  ["[", "missing closing ]"],
  ["*", "missing argument to repetition operator: `*`"],
  ["(?x) a", "the flag (?x) is not supported"],
  ["x(?i)a", "flags may only stand at the start of an expression"],
  ["(?P<n>a)(?P<n>b)", "duplicate capture group name: `n`"],
  ["(?P<n>a)(?P=n)", "back-references are not supported"],
  ["(a)\\1", "back-references are not supported"],
  ["a{2,1}", "invalid repeat count: `{2,1}`"],
  ["a++", "invalid nested repetition operator: `++`"],
  ["(?>a)", "invalid or unsupported Perl syntax: `(?>`"],
  ["a(?!b)c", "look-arounds are only supported at the start"],
  ["(?<=a)b", "look-arounds are only supported at the start"],
  ["(?!a)b|c", "look-aheads beside alternatives are not supported"],
  ["(?=(a|b)", "missing closing )"],
  ["\\Qa", "bad escape \\Q"],
  ["[[:alpha:]]", "possible nested set [:"],
  ["((a{1000}){1000}){1000}", "invalid repeat count: `{1000}`"],
  ["(".repeat(20_000) + ")".repeat(20_000), "expression nests too deeply"],
  ["a".repeat(50_001), "it has more than 50000 characters"],
];
for (const [pattern, message] of refused) {
  Deno.test(`pythonFullMatch() refuses ${pattern.slice(0, 40)}`, () => {
    assert.throws(() => pythonFullMatch(pattern), { name: "SyntaxError", message });
  });
}

Deno.test("pythonMatch() refuses a flag, which Python wants at the start of the whole expression", () => {
  assert.throws(() => pythonMatch("(?:.*\\.)?(?:", "(?i)q", ")$"), { name: "SyntaxError" });
});
