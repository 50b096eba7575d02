// A run's own steps in this process, and the most memory that its tensors held.
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EncodedSet } from "../../src/data/mod.ts";
import { build, initialise, modelConfig } from "../../src/models/mod.ts";
import type { Estimate } from "../../src/plan/mod.ts";
import { makeRecipe } from "../../src/recipe/mod.ts";
import { forecast } from "../../src/plan/forecast.ts";
import { evaluate, planSteps, train } from "../../src/train/mod.ts";
import { prepareTraining } from "../../src/prepare/mod.ts";
import { fastFloat32, manualSeed, memory, resetPeak } from "../../src/tensor/mod.ts";
import { bytesOfTensor } from "../../src/weights/mod.ts";
import { inspectModel } from "../../src/adapters/mod.ts";
import { writeSafetensors } from "../../src/safetensors/mod.ts";
import "../support/tensors.ts";

const tokenizer = new URL("../fixtures/tokenizer", import.meta.url).pathname;

/** A folder with a model of random weights, which ends with it. */
export class Model implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "ftx-plan-"));

  static async draw(raw: Record<string, unknown>, dtype: "f32" | "bf16" = "f32"): Promise<Model> {
    const made = new Model();
    mkdirSync(made.folder, { recursive: true });
    cpSync(tokenizer, made.folder, { recursive: true });
    writeFileSync(join(made.folder, "config.json"), JSON.stringify(raw));
    manualSeed(1);
    using model = build(modelConfig(raw), { dtype, device: "cpu" });
    initialise(model);
    const tensors = Array.from(model.parameters(), ([name, p]) => [name, bytesOfTensor(p)] as const);
    await writeSafetensors(join(made.folder, "model.safetensors"), tensors, { format: "pt" });
    return made;
  }

  [Symbol.dispose]() {
    rmSync(this.folder, { recursive: true });
  }
}

/** A set with a document of each length, one a row, of which everything but the first tokens is learned. */
export function setOf(lengths: readonly number[], prompt = 1): EncodedSet {
  const offsets = new Float64Array(lengths.length + 1);
  lengths.forEach((length, i) => offsets[i + 1] = offsets[i] + length);
  const size = offsets[lengths.length];
  const ids = Int32Array.from({ length: size }, (_, i) => i * 7 % 300), labels = ids.slice();
  lengths.forEach((length, i) => labels.fill(-100, offsets[i], offsets[i] + Math.min(prompt, length - 1)));
  const rows = Int32Array.from(lengths, (_, i) => i);
  const starts = Int32Array.from({ length: lengths.length + 1 }, (_, i) => i);
  return new EncodedSet({ ids, labels, offsets }, { members: rows, starts }, "test");
}

/** What was expected of a run, and the most that its tensors held. */
export interface Compared {
  expected: Estimate;
  peak: number;
  /** Numbers in the run's model, and of them those that train. */
  parameters: number;
  trainable: number;
  /** By how much the estimate is larger, as a share. */
  off: number;
}

/**
 * Makes the steps of a run, and its evaluation where it has one, and compares their memory with its estimate. `grown`: tokens
 * of a tokenizer that knows more than the model has rows. `added`: ids of tokens that were added.
 */
export async function compare(
  model: string,
  settings: Record<string, unknown>,
  { train: set, evaluation, grown, added = [] }: {
    train: EncodedSet;
    evaluation?: EncodedSet;
    grown?: number;
    added?: number[];
  },
): Promise<Compared> {
  const recipe = makeRecipe({
    ...{ modelNameOrPath: model, dataset: ["none"], device: "cpu", maxSteps: 3, template: "chatml" },
    ...evaluation ? { evalDataset: ["none"], evalStrategy: "epoch" } : {},
    ...settings,
  }, "train");
  const { config } = await inspectModel(recipe), vocabulary = { tokens: grown ?? config.vocabSize, added };
  const evals: Record<string, EncodedSet> = evaluation ? { "": evaluation } : {};
  const expected = await forecast(recipe, {
    device: "cpu",
    prepared: { data: { train: set, evals }, vocabulary },
  });

  const before = memory().bytes;
  resetPeak();
  manualSeed(recipe.seed);
  fastFloat32();
  using training = await prepareTraining(recipe, { vocabulary, onNote: () => {} });
  const { trainee: { model: lm }, objective, judge, optimizer, feed } = training;
  const steps = train({
    steps: training.steps(set, planSteps(set, recipe), 0),
    ...{ objective, optimizer, feed },
    maxGradNorm: recipe.maxGradNorm,
    learningRate: () => 1e-5,
  });
  for await (const _ of steps);
  if (evaluation) await evaluate(lm, judge, evaluation, { batchSize: recipe.perDeviceEvalBatchSize });
  const peak = memory().peak - before;
  const count = (all: Iterable<readonly [string, { size: number }]>) => [...all].reduce((n, [, p]) => n + p.size, 0);
  const numbers = { parameters: count(lm.parameters()), trainable: count(training.named) };
  return { expected, peak, ...numbers, off: expected.peak / peak - 1 };
}
