import assert from "node:assert/strict";
import { count, countDropped, emptyTally, judge, type Tally } from "./tally.ts";

const tally = (rows: number, more: Partial<Tally> = {}): Tally => ({ ...emptyTally(), rows, ...more });

/** A tally of rows that were left out: how many, and why. */
function dropped(rows: number, reasons: [times: number, why: string][]): Tally {
  const made = tally(rows);
  let line = 0;
  for (const [times, why] of reasons) for (let i = 0; i < times; i++) countDropped(made, `d.jsonl:${++line}`, why);
  return made;
}

const refused = (made: Tally, message: string) =>
  assert.throws(() => judge(made, "d", 99), { name: "DataError", message });

Deno.test("judge() names the most frequent reasons of a set that is mostly bad, each with its first row", () => {
  refused(
    dropped(20, [[2, "its output is empty"], [5, "message 3 has no content"], [1, "it is not JSON"], [3, "x"], [
      1,
      "y",
    ]]),
    'Cannot use dataset "d": 12 of its 20 rows cannot be used (5 like d.jsonl:3: message 3 has no content; 3 like d.jsonl:9: x; ' +
      "2 like d.jsonl:1: its output is empty; 2 for other reasons); fix the data",
  );
  refused(
    dropped(3, [[1, 'message 1 has the role "cat"'], [2, 'message 12 has the role "dog"']]),
    'Cannot use dataset "d": none of its 3 rows can be used (d.jsonl:1: message 1 has the role "cat"); fix the data',
  );
  refused(
    dropped(3, [[3, "cutoff_len has no room for its question and answer"]]),
    'Cannot use dataset "d": none of its 3 rows can be used (d.jsonl:1: cutoff_len has no room for its question and answer); ' +
      "raise cutoff_len",
  );
  refused(tally(0), 'Cannot use dataset "d": it is empty; give it at least one example');
});

Deno.test("judge() says little, however many reasons there are", () => {
  const letters = (i: number) =>
    String.fromCharCode(97 + i % 26, 97 + Math.floor(i / 26) % 26, 97 + Math.floor(i / 676));
  const made = dropped(5000, Array.from({ length: 5000 }, (_, i) => [1, `its ${letters(i)} is empty`]));
  assert.ok(Object.keys(made.reasons).length <= 1001);
  assert.throws(() => judge(made, "d", 99), (error: Error) => error.message.length < 300);
});

Deno.test("judge() says what was left out, shortened, not used, and read as a special token", () => {
  const made = dropped(10, [[1, "its output is empty"]]);
  Object.assign(made, { cut: 2, cutSystems: 1, notes: ["pt leaves things out"] });
  count(made.specials, "<|im_end|>", "d.jsonl:4");
  count(made.specials, "<|im_end|>", "d.jsonl:5");
  count(made.placeholders, "<image>", "d.jsonl:6");
  assert.deepEqual(judge(made, "d", 99), [
    'in dataset "d", pt leaves things out',
    '1 of 10 rows in dataset "d" cannot be used and is left out (d.jsonl:1: its output is empty)',
    '2 of 10 rows in dataset "d" are longer than cutoff_len = 99 and shortened, with the system prompt of 1',
    '2 of 10 rows in dataset "d" have the special token "<|im_end|>" in the text, which is read as that token (d.jsonl:4); ' +
    "set split_special_tokens = true to read it as ordinary text",
    '1 of 10 rows in dataset "d" has <image> in the text, which is read as ordinary text (d.jsonl:6)',
  ]);
  assert.deepEqual(judge(tally(3), "d", 99), []);
});
