// `ftx plan`, and what a run reports and refuses before it begins.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ftx } from "../ftx.ts";
import { Model } from "./measured.ts";

const CONFIG = {
  ...{ architectures: ["LlamaForCausalLM"], model_type: "llama", vocab_size: 6_000, hidden_size: 128 },
  ...{ intermediate_size: 352, num_hidden_layers: 3, num_attention_heads: 4, num_key_value_heads: 2 },
  max_position_embeddings: 512,
};
const answer = (i: number) => Array.from({ length: 3 + 11 * i % 90 }, (_, j) => (i * j) % 10).join(" ");
const ROWS = Array.from({ length: 24 }, (_, i) => ({ instruction: `Count ${i}`, output: answer(i) }));
const RUN =
  "--model . --full --dataset rows.json --template chatml --per-device-train-batch-size 4 --max-steps 3 --device cpu";

async function place(): Promise<Model> {
  const model = await Model.draw(CONFIG);
  writeFileSync(join(model.folder, "rows.json"), JSON.stringify(ROWS));
  return model;
}

const near = (a: number, b: number) => assert(Math.abs(a / b - 1) < 0.1, `${a} beside ${b}`);

Deno.test("ftx plan says within 10 % what the same run then reports, and so do the run's results", async () => {
  using here = await place();
  const plan = await ftx(here.folder, `plan ${RUN} --json`);
  const run = await ftx(here.folder, `sft ${RUN} --json --output-dir out`);
  assert.equal(plan.code + run.code, 0, plan.err + run.err);
  const expected = JSON.parse(plan.out), end = JSON.parse(run.out.trim().split("\n").at(-1)!);
  near(expected.peak, end.memory.peak);
  assert.equal(expected.parameters, JSON.parse(run.out.split("\n")[0]).parameters);
  assert.equal(expected.steps, 3);
  assert.equal(expected.outlook, "fits");
  assert.deepEqual(expected.advice, []);
  const results = JSON.parse(Deno.readTextFileSync(join(here.folder, "out/all_results.json")));
  assert.equal(results.peak_memory_bytes, end.memory.peak);
});

Deno.test("ftx plan --probe measures three steps and writes nothing", async () => {
  using here = await place();
  const names = () => Array.from(Deno.readDirSync(here.folder), ({ name }) => name).sort();
  const before = names();
  const { code, out, err } = await ftx(here.folder, `plan sft ${RUN} --gradient-accumulation-steps 2 --probe --json`);
  assert.equal(code, 0, err);
  const { peak, probe, tokens_per_step: tokens } = JSON.parse(out);
  near(peak, probe.peak);
  near(probe.tokens_per_second / tokens, probe.steps_per_second);
  near(probe.seconds, 3 / probe.steps_per_second);
  assert.deepEqual(names(), before);
});

Deno.test("ftx plan without data assumes the largest batch possible", async () => {
  using here = await place();
  const { out } = await ftx(
    here.folder,
    "plan pt --model . --lora --cutoff-len 300 --per-device-train-batch-size 2 --json",
  );
  const { tokens_per_step: tokens, steps } = JSON.parse(out);
  assert.deepEqual([tokens, steps], [600, null]);
});

Deno.test("ftx plan prints a table, and says so for a GPU that is not here", async () => {
  using here = await place();
  const { code, out, err } = await ftx(here.folder, "plan --model . --lora --device cuda:7 --cutoff-len 128");
  assert.equal(code, 0, err);
  assert.match(out, /^ {2}parameters +2\.\d M {2}llama, 3 blocks\n {2}trained +\d/);
  for (const kind of ["weights", "gradients", "optimizer", "activations", "logits", "temporary"]) {
    assert.match(out, new RegExp(`\\n {2}${kind} +\\d+ MiB\\n`));
  }
  assert.match(out, /\n {2}peak +\d+ MiB {2}in [a-z' ]+, on cuda:7\n/);
  assert.match(out, /\n {2}free +\? {2}there is no such device here\n/);
  assert.match(out, /\n\nWhat takes less:\n\n +gradient_checkpointing = true \(\d+ MiB\)\n/);
});

Deno.test("a run says its memory in one line before the model is read; with --quiet and --json it does not", async () => {
  using here = await place();
  const line = /^This run will take about \d+ MiB of [\d.]+ GiB free on cpu: weights \d+ MiB, /m;
  const loud = await ftx(here.folder, `sft ${RUN} --output-dir a`);
  assert.match(loud.err, line);
  for (const flag of ["--quiet", "--json"]) {
    assert.doesNotMatch((await ftx(here.folder, `sft ${RUN} --output-dir b --overwrite-output-dir ${flag}`)).err, line);
  }
});

const refused: [line: string, what: string, sentence: string, code?: number][] = [
  ["plan", "no model", "Cannot plan without model_name_or_path: set it in the file or with --model"],
  [
    "plan --model . --probe",
    "a probe without data",
    "Cannot probe a run without data: its steps need some; set dataset, or leave probe out",
  ],
  [`sft ${RUN} --probe`, "a probe of a run", "Cannot use --probe with ftx sft: this command does not use it"],
  [
    `plan ${RUN} --lora-rank 0`,
    "a setting that no run takes",
    "Cannot use lora_rank = 0 (--lora-rank): it must be at least 1",
  ],
  [
    "plan --model . --lora --lora-target q_prj",
    "a target that is not there",
    'Cannot use lora_target = "q_prj": the model has no such module; choose from all, down_proj, gate_proj, k_proj, ' +
    'o_proj, q_proj, up_proj, v_proj; did you mean "q_proj"?',
  ],
  [
    "plan --model . --dataset nowhere.json",
    "a data set that is not there",
    'Cannot find dataset "nowhere.json": there is no such file, and no "data/dataset_info.json" that could name it; ' +
    "check the path, or give org/name at the hub",
    5,
  ],
];
for (const [line, what, sentence, wanted = 2] of refused) {
  Deno.test(`ftx plan refuses ${what} in a sentence`, async () => {
    using here = await place();
    const { code, out, err } = await ftx(here.folder, line);
    assert.deepEqual([code, out, err], [wanted, "", `error: ${sentence}\n`]);
  });
}

Deno.test("ftx plan refuses weights that a run refuses, and plans from a config.json alone with a note", async () => {
  using here = await place();
  const weights = join(here.folder, "model.safetensors"), pickle = join(here.folder, "pytorch_model.bin");
  Deno.removeSync(weights);
  const alone = await ftx(here.folder, `plan ${RUN}`);
  assert.deepEqual([alone.code, alone.err], [
    0,
    'note: "." has no weights, so a run of it would be refused; the plan is for its config.json\n',
  ]);
  writeFileSync(pickle, "");
  const [plan, run] = [await ftx(here.folder, `plan ${RUN}`), await ftx(here.folder, `sft ${RUN} --output-dir out`)];
  assert.match(plan.err, /^error: Cannot load "\.": its weights are in "pytorch_model.bin", which is a pickle /);
  assert.deepEqual(plan, run);
});
