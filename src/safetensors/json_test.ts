import assert from "node:assert/strict";
import { JsonNumber, parseJson, plain } from "./json.ts";

Deno.test("parseJson() keeps numbers as written and keys in order", () => {
  assert.deepEqual(
    parseJson('{"10": 1.0, "9": [-0, 1e5, true, null, "x"]}'),
    new Map<string, unknown>([
      ["10", new JsonNumber("1.0")],
      ["9", [new JsonNumber("-0"), new JsonNumber("1e5"), true, null, "x"]],
    ]),
  );
});

Deno.test("plain() gives what JSON.parse gives, with __proto__ as an ordinary key", () => {
  const text = ' {"a": [1, -2.5e-3, {"b": null}], "__proto__": {"c": false}, "": "\\u00e9\\n\\"é"} \n';
  const value = plain(parseJson(text)) as Record<string, unknown>;
  assert.equal(JSON.stringify(value), JSON.stringify(JSON.parse(text)));
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
});

Deno.test("JsonNumber.natural is exact up to 2^64 - 1 and undefined for everything not written as a whole number", () => {
  const natural = (source: string) => new JsonNumber(source).natural;
  assert.deepEqual(["0", "9007199254740991"].map(natural), [0, 9007199254740991]);
  assert.deepEqual(["9007199254740993", "18446744073709551615"].map(natural), [9007199254740993n, 2n ** 64n - 1n]);
  for (const source of ["18446744073709551616", "1".repeat(400), "-0", "-1", "1.0", "1e0"]) {
    assert.equal(natural(source), undefined);
  }
});

Deno.test("parseJson() accepts and refuses what JSON.parse does", () => {
  const texts = [..."[]{}1-0tfn\"'"].flatMap((a) =>
    ["", "0", "]", "}", '"', "rue", ".5", "e3", ",1]"].map((b) => a + b)
  );
  texts.push(
    "[1,]",
    '{"a"}',
    '{"a":}',
    "{1:2}",
    "1 2",
    "+1",
    "0x1",
    "1.",
    ".1",
    "1e",
    "\u00a01",
    '"\\u12"',
    "NaN",
    "Infinity",
  );
  for (const text of texts) {
    const theirs = attempt(() => JSON.parse(text));
    assert.deepEqual(attempt(() => plain(parseJson(text))), theirs, text);
  }
});

/** What `read` gives, or "refused". */
function attempt(read: () => unknown): unknown {
  try {
    return { value: read() };
  } catch {
    return "refused";
  }
}

const bad: [string, string][] = [
  ['{"a":1,\n "a":2}', 'line 2, column 5: the key "a" appears twice'],
  ["[".repeat(65), "line 1, column 65: it is nested more than 64 deep"],
  ['"\\ud800"', "line 1, column 9: a string has a lone half of a surrogate pair"],
  ["1e309", "line 1, column 1: a number is too large"],
  ["[1] x", "line 1, column 5: there is text after the end"],
];
for (const [text, message] of bad) {
  Deno.test(`parseJson() says: ${message}`, () => {
    assert.throws(() => parseJson(text), { name: "SyntaxError", message });
  });
}
