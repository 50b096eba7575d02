import assert from "node:assert/strict";
import type { LogEntry } from "./lines.ts";
import { modelCard } from "./model_card.ts";
import { openReporter, type ReportSettings } from "./open.ts";
import type { Output } from "./output.ts";

const settings: ReportSettings = {
  loggingSteps: 1,
  loggingStrategy: "steps",
  loggingFirstStep: false,
  saveSteps: 500,
  reportTo: ["tensorboard"],
  plotLoss: true,
  quiet: false,
  json: true,
  modelNameOrPath: "/home/somebody/models/llama-2-7b",
  dataset: ["alpaca_en", "./data/mine.json"],
  stage: "sft",
  finetuningType: "lora",
  learningRate: 1e-4,
  loraRank: 8,
  loraAlpha: null,
  numTrainEpochs: 3,
  maxSteps: -1,
};

const out: Output = { terminal: false, colour: false, columns: () => 80, write: () => {} };

async function train(folder: string, stopped?: string) {
  const reporter = await openReporter(folder, settings, { version: "0.1.0", out, errors: out });
  reporter.start({ totalSteps: 2, epochs: 1, rows: 2, rowsPerStep: 1, batchSize: 1, parameters: 9, trainable: 3 });
  for (const step of [1, 2]) {
    reporter.step({ step, epoch: step / 2, loss: 3 / step, learningRate: 1e-4, gradNorm: 1, tokens: 8, rows: 1 });
  }
  reporter.evaluation({ step: 2, epoch: 1, metrics: { loss: 2, accuracy: 0.5 }, rows: 4, batches: 2, seconds: 1 });
  await reporter.end({ stopped });
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

Deno.test("openReporter() fills a finished run's folder with everything that others read", async () => {
  const folder = Deno.makeTempDirSync();
  assert.deepEqual(await train(folder), [
    "README.md",
    "all_results.json",
    "eval_results.json",
    "runs",
    "train_results.json",
    "trainer_log.jsonl",
    "trainer_state.json",
    ...["eval_accuracy", "eval_loss", "loss"].flatMap((name) => [`training_${name}.png`, `training_${name}.svg`]),
  ]);
  const all = JSON.parse(Deno.readTextFileSync(`${folder}/all_results.json`));
  assert.deepEqual(Object.keys(all), Object.keys(all).sort());
  assert.deepEqual([all.train_loss, all.eval_loss, all.epoch, all.num_input_tokens_seen], [2.25, 2, 1, 16]);
  const state = JSON.parse(Deno.readTextFileSync(`${folder}/trainer_state.json`));
  assert.deepEqual(Object.keys(state), Object.keys(state).sort());
  assert.deepEqual(state.log_history.map((entry: object) => Object.keys(entry)), [
    ["epoch", "grad_norm", "learning_rate", "loss", "step"],
    ["epoch", "grad_norm", "learning_rate", "loss", "step"],
    ["epoch", "eval_loss", "eval_accuracy", "eval_runtime", "eval_samples_per_second", "eval_steps_per_second", "step"],
    [
      "epoch",
      "step",
      "total_flos",
      "train_loss",
      "train_runtime",
      "train_samples_per_second",
      "train_steps_per_second",
    ],
  ]);
  Deno.removeSync(folder, { recursive: true });
});

Deno.test("openReporter() does not call a stopped run finished", async () => {
  const folder = Deno.makeTempDirSync();
  const names = await train(folder, "SIGTERM");
  assert(names.includes("training_loss.png") && names.includes("trainer_state.json"));
  assert(!names.includes("all_results.json") && !names.includes("README.md"));
  Deno.removeSync(folder, { recursive: true });
});

Deno.test("modelCard() has Hugging Face's front matter, the hyperparameters and the results, and no path", () => {
  const history: LogEntry[] = [
    { step: 1, epoch: 0.5, loss: 3 },
    { step: 2, epoch: 1, eval_loss: 2, eval_runtime: 1 },
    { step: 2, epoch: 1, train_loss: 2 },
  ];
  assert.equal(
    modelCard("my-run", settings, "0.1.0", history),
    `---
library_name: peft
license: other
base_model: llama-2-7b
tags:
  - ftx
  - lora
  - sft
  - base_model:adapter:llama-2-7b
pipeline_tag: text-generation
---

# my-run

A LoRA adapter for llama-2-7b, trained on alpaca_en, mine.json.

## Training

Hyperparameters:

- learning_rate: 0.0001
- num_epochs: 3
- lora_rank: 8
- lora_alpha: 16

## Results

| training loss | epoch | step | evaluation loss |
| ---: | ---: | ---: | ---: |
| 3.0000 | 1.00 | 2 | 2.0000 |

Trained with ftx 0.1.0.
`,
  );
});

Deno.test("HF's TrainerState reads our trainer_state.json", async () => {
  const python = Deno.env.get("FTX_PEERS") ?? "python3";
  const read = `import sys; from transformers import TrainerState; s = TrainerState.load_from_json(sys.argv[1])
print(s.global_step, s.max_steps, len(s.log_history), s.train_batch_size)`;
  const found = await new Deno.Command(python, { args: ["-c", "import transformers"] }).output().catch(() => undefined);
  if (!found?.success) return console.log("skipped: no Python with transformers; FTX_PEERS names one");
  const folder = Deno.makeTempDirSync();
  await train(folder);
  const result = await new Deno.Command(python, { args: ["-c", read, `${folder}/trainer_state.json`] }).output();
  assert.equal(new TextDecoder().decode(result.stdout).trim(), "2 2 4 1", new TextDecoder().decode(result.stderr));
  Deno.removeSync(folder, { recursive: true });
});
