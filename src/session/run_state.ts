import { CheckpointError } from "../errors.ts";
import type { LossScaleState, MetricSchedule, OptimizerFacts } from "../optim/mod.ts";
import type { Training } from "../prepare/mod.ts";
import { readTrainerState, type ReportState, trainerState } from "../report/mod.ts";
import type { Plan, StateSettings } from "../report/mod.ts";
import { type FolderWriter, reviveNumber } from "../run/mod.ts";
import type { Tensor } from "../tensor/mod.ts";
import type { Tokenizer } from "../tokenizer/mod.ts";
import { fill, snapshot } from "../weights/mod.ts";
import { openWeights, type TensorPlace } from "../safetensors/mod.ts";
import { randomStates, type Rate, setRandomStates } from "../train/mod.ts";
import { type Sameness, shaping } from "./sameness.ts";

/** What a checkpoint saves of a run besides its report: enough to resume bit for bit. */
export interface RunState {
  training: Training;
  rate: Rate;
  tokenizer: Tokenizer;
  /** The configuration files that go with the weights. */
  texts: Readonly<Record<string, string>>;
  /** Steps in a row that were not finite. */
  skippedInARow: number;
  /** Evaluations without a new best. */
  withoutBest: number;
  /** The last step's evaluation was abandoned because the run had to stop: a resumed run begins with it. */
  owesEvaluation: boolean;
  sameness: Sameness;
}

/** The loop's own state, in `training_state.json`. */
interface LoopState {
  optimizer: OptimizerFacts;
  skipped_in_a_row: number;
  without_best: number;
  owes_evaluation: boolean;
  metric_schedule: ReturnType<MetricSchedule["state"]> | null;
  loss_scale: LossScaleState | null;
  sameness: Sameness;
}

/**
 * The files of a checkpoint, copied at the time of the call: weights, `optimizer.safetensors` (rules' state and masters),
 * `random.safetensors`, `training_state.json`, `trainer_state.json`, and the files that go with the weights. With
 * `onlyModel`, nothing that only a resume needs.
 */
export function checkpointFiles(
  run: RunState,
  report: { state: ReportState; plan: Plan; settings: StateSettings },
  onlyModel: boolean,
): { files: (writer: FolderWriter) => Promise<void>; bytes: number } {
  const { saved, optimizer, scale } = run.training;
  const weights = saved.map(({ stem, tensors }) => [`${stem}.safetensors`, snapshot(tensors())] as const);
  const moments = onlyModel ? [] : snapshot(optimizer.state());
  const random = Array.from(
    randomStates(),
    ([d, data]) => [d, { dtype: "U8" as const, shape: [data.length], data }] as const,
  );
  const state: LoopState = {
    optimizer: optimizer.facts(),
    skipped_in_a_row: run.skippedInARow,
    without_best: run.withoutBest,
    owes_evaluation: run.owesEvaluation,
    metric_schedule: run.rate.metric?.state() ?? null,
    loss_scale: scale?.state() ?? null,
    sameness: run.sameness,
  };
  const files = async (writer: FolderWriter) => {
    for (const [name, tensors] of weights) await writer.safetensors(name, tensors);
    await writeBeside(run, writer);
    await writer.json("trainer_state.json", trainerState(report.state, report.plan, report.settings));
    if (onlyModel) return;
    await writer.safetensors("optimizer.safetensors", moments);
    await writer.safetensors("random.safetensors", random);
    await writer.json("training_state.json", state);
  };
  const bytes = [...weights.flatMap(([, tensors]) => tensors), ...moments].reduce(
    (sum, [, { data }]) => sum + data.length,
    0,
  );
  return { files, bytes };
}

/** Writes the files that go with the weights: configurations and the tokenizer. */
export async function writeBeside({ texts, tokenizer }: RunState, writer: FolderWriter): Promise<void> {
  for (const [name, text] of Object.entries(texts)) await writer.bytes(name, text);
  for (const [name, content] of Object.entries(tokenizer.contents())) await writer.bytes(name, content);
}

/** Reads the report that a checkpoint stores. */
export const readReport = async (folder: string): Promise<ReportState> =>
  readTrainerState(await Deno.readTextFile(`${folder}/trainer_state.json`));

/**
 * Restores a run from a checkpoint: weights, optimizer, counters, and last the random numbers. Returns the `Sameness` of
 * the run that saved it.
 *
 * @throws {CheckpointError} The checkpoint has only weights, or belongs to a different model or method.
 */
export async function restore(run: RunState, folder: string): Promise<Sameness> {
  const text = await Deno.readTextFile(`${folder}/training_state.json`).catch(() => {
    throw new CheckpointError(
      `Cannot resume from "${folder}": it holds weights only (save_only_model); ` +
        "choose another output_dir, or set overwrite_output_dir to start over",
    );
  });
  const { optimizer, scale } = run.training;
  const state: LoopState = JSON.parse(text, (_, value) => reviveNumber(value));
  const changed = shaping(state.sameness, run.sameness);
  await restoreWeights(run.training, folder, changed);
  optimizer.load(state.optimizer); // first: it may decide which tensors there are
  await fillFrom(folder, "optimizer", optimizer.state(), changed);
  run.skippedInARow = state.skipped_in_a_row;
  run.withoutBest = state.without_best;
  run.owesEvaluation = state.owes_evaluation;
  if (state.metric_schedule) run.rate.metric?.load(state.metric_schedule);
  if (state.loss_scale) scale?.load(state.loss_scale);
  const { tensors } = await openWeights(folder, "random");
  const random = Array.from(
    tensors,
    async ([device, { file, start, end }]) => [device, (await Deno.readFile(file)).subarray(start, end)] as const,
  );
  setRandomStates(new Map(await Promise.all(random)));
  return state.sameness;
}

/** Restores the trained weights from a checkpoint's folder. `changed`: what differs from its run, for an error. */
export async function restoreWeights({ saved }: Training, folder: string, changed?: string[]): Promise<void> {
  for (const { stem, tensors } of saved) await fillFrom(folder, stem, tensors(), changed);
}

/** Fills tensors from a checkpoint's file, which must have exactly these, in these shapes. */
async function fillFrom(
  folder: string,
  stem: string,
  wanted: Iterable<[string, Tensor]>,
  changed: string[] = [],
): Promise<void> {
  const needs = stem === "optimizer" ? "the model, the method and the optimizer" : "the model and the method";
  const because = changed.length > 0 ? ` (${changed.join(", ")})` : "";
  const unlike = (what: string) =>
    new CheckpointError(
      `Cannot resume from "${folder}": ${what}${because}; use ${needs} of its run, ` +
        "or set overwrite_output_dir to start over",
    );
  const { tensors } = await openWeights(folder, stem).catch(() => {
    throw unlike(`it has no ${stem}.safetensors, which this run needs`);
  });
  const pairs: [string, Tensor, TensorPlace][] = [];
  for (const [name, tensor] of wanted) {
    const place = tensors.get(name);
    if (!place) throw unlike(`its ${stem}.safetensors has no "${name}", which this run needs`);
    const [there, here] = [place.shape.join(), tensor.shape.join()];
    if (there !== here) {
      throw unlike(`in its ${stem}.safetensors "${name}" is [${there}], but this run needs [${here}]`);
    }
    pairs.push([name, tensor, place]);
  }
  if (pairs.length < tensors.size) {
    throw unlike(`its ${stem}.safetensors has ${tensors.size} tensors, but this run needs ${pairs.length}`);
  }
  await fill(pairs);
}
