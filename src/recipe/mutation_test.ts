// Whatever stands in a settings file, reading it gives a recipe or sentences: never another error, never a wait.

import assert from "node:assert/strict";
import { RecipeError } from "../errors.ts";
import { readText } from "../settings/file.ts";
import { settle } from "./settle.ts";

const TEXT = `### model
model_name_or_path: meta-llama/Meta-Llama-3-8B-Instruct
adapter_name_or_path: [a, "b"]
dtype: auto
dataset: identity,alpaca_en_demo
template: \${oc.env:TEMPLATE,llama3}
cutoff_len: 2048
stage: sft
finetuning_type: lora
lora_rank: 8
lora_target: all
lr_scheduler_kwargs: {num_cycles: 2, min_lr: 1e-6}
enable_thinking: null
learning_rate: 1.0e-4
resume_from_checkpoint: null
report_to: none
bf16: true
`;

const PIECES = [
  ..."\n :#-?[]{},&*!|>'\"%@`\\\t0~",
  ...["null", "true", "1e999", "-1", ".nan", ".inf", "0x1f", "0o17", "2024-01-01", "é", "\u0000", "\ud800", "\u2028"],
  ...[
    "!!binary aGk=",
    "!!set {a}",
    "<<: {a: 1}",
    "&a [*a]",
    "---\n",
    "...\n",
    "? a\n: b\n",
    "${oc.env:X}",
    "${",
    "|\n  x\n",
  ],
  ...["__proto__", "constructor", "toString", "{a: {b: [c]}}", "[]", "{}", "stage: ", "model: "],
];

// The same sequence every time (https://en.wikipedia.org/wiki/Xorshift), so that a failure can be repeated.
let state = 2463534242;
function random(below: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % below;
}

function mutated(text: string): string {
  for (let i = random(4) + 1; i > 0; i--) {
    const at = random(text.length + 1);
    const cut = random(3) === 0 ? random(12) : 0;
    text = text.slice(0, at) + PIECES[random(PIECES.length)] + text.slice(at + cut);
  }
  return text;
}

Deno.test("2,000 mutations of a settings file give a recipe or sentences", () => {
  let read = 0;
  for (let i = 0; i < 2_000; i++) {
    const text = mutated(TEXT);
    try {
      settle(readText(text, "a.yaml"), "train");
      read++;
    } catch (error) {
      assert.ok(error instanceof RecipeError, `${error}\n${(error as Error).stack}\n${text}`);
      for (const line of error.message.split("\n")) assert.match(line, /^Cannot (read|use|train) /, text);
    }
  }
  assert.ok(read > 100, `${read} were read`);
});

Deno.test("every setting takes or refuses every kind of value in words", () => {
  const values = ["", "x", "null", "1", "-1", "1e400", "true", "[a]", "[1, [2]]", "{a: 1}", "1.5", "~", '"1"', ".nan"];
  const names = Object.keys(settle([{ name: "model", value: "m", where: "" }], "chat").recipe);
  for (const name of names) {
    for (const value of values) {
      try {
        settle(readText(`${name}: ${value}`, "a.yaml"), "chat");
      } catch (error) {
        assert.ok(error instanceof RecipeError, `${name}: ${value}: ${(error as Error).stack}`);
      }
    }
  }
});
