import assert from "node:assert/strict";
import { fullMatch, pythonRegex } from "./patterns.ts";

const matches = (pattern: string, text: string) => fullMatch(pythonRegex(pattern), text);

Deno.test("fullMatch() matches the whole text, as Python's re.fullmatch", () => {
  assert(matches("a|ab", "ab"));
  assert(!matches("a", "ab"));
  assert(matches(".*\\.(q|v)_proj", "model.layers.0.self_attn.q_proj"));
});

Deno.test("pythonRegex() translates what Python spells differently", () => {
  assert(matches("\\A(?P<n>[0-9])x(?P=n)\\Z", "1x1"));
  assert(!matches("(?P<n>[0-9])x(?P=n)", "1x2"));
  assert(matches("(?i)Q_PROJ", "q_proj"));
  assert(matches("a\\\\A", "a\\A"), "an escaped backslash before A is not an anchor");
  assert(matches("q\\_proj", "q_proj"));
});

Deno.test("pythonRegex() refuses what it cannot translate", () => {
  for (const pattern of ["(", "*", "(?x) a", "(?P<n>a)(?P<n>b)", "a{2,1}"]) {
    assert.throws(() => pythonRegex(pattern), SyntaxError, pattern);
  }
});
