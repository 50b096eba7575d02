import type { AdamW, MetricSchedule } from "../optim/mod.ts";
import { readTrainerState, type ReportState, trainerState } from "../report/mod.ts";
import type { Plan, StateSettings } from "../report/mod.ts";
import type { FolderWriter } from "../run/mod.ts";
import { cudaDevices, type Device, randomState, setRandomState } from "../tensor/mod.ts";
import type { Tokenizer } from "../tokenizer/mod.ts";
import { fill, openWeights, snapshot } from "../weights/mod.ts";
import type { Rate } from "./rate.ts";
import { restoreWeights, type Trainee } from "./trainee.ts";

/** What of a run is saved besides its report: enough to go on bit for bit. */
export interface RunState {
  trainee: Trainee;
  optimizer: AdamW;
  rate: Rate;
  tokenizer: Tokenizer;
  /** Steps in a row that were not finite. */
  skippedInARow: number;
  /** Evaluations without a new best. */
  withoutBest: number;
}

/** What the loop itself remembers, in `training_state.json`. */
interface LoopState {
  optimizer_steps: number;
  skipped_in_a_row: number;
  without_best: number;
  metric_schedule: ReturnType<MetricSchedule["state"]> | null;
}

/** Devices that have random numbers of their own. */
const devices = (): Device[] => ["cpu", ...Array.from({ length: cudaDevices() }, (_, i) => `cuda:${i}` as Device)];

/**
 * The files of a checkpoint, as a copy of this instant: weights, `optimizer.safetensors` (moments and masters),
 * `random.safetensors`, `training_state.json`, `trainer_state.json`, and what a user of the weights needs beside them.
 * With `onlyModel` nothing but the weights' own files.
 */
export function checkpointFiles(
  run: RunState,
  report: { state: ReportState; plan: Plan; settings: StateSettings },
  onlyModel: boolean,
): { files: (writer: FolderWriter) => Promise<void>; bytes: number } {
  const { trainee: { saved }, optimizer } = run;
  const weights = snapshot(saved.tensors());
  const moments = onlyModel ? [] : snapshot(optimizer.state());
  const random = devices().map((d) => {
    const data = randomState(d);
    return [d, { dtype: "U8" as const, shape: [data.length], data }] as const;
  });
  const state: LoopState = {
    optimizer_steps: optimizer.steps,
    skipped_in_a_row: run.skippedInARow,
    without_best: run.withoutBest,
    metric_schedule: run.rate.metric?.state() ?? null,
  };
  const files = async (writer: FolderWriter) => {
    await writer.safetensors(`${saved.stem}.safetensors`, weights);
    await writeBeside(run, writer);
    await writer.json("trainer_state.json", trainerState(report.state, report.plan, report.settings));
    if (onlyModel) return;
    await writer.safetensors("optimizer.safetensors", moments);
    await writer.safetensors("random.safetensors", random);
    await writer.json("training_state.json", state);
  };
  const bytes = [...weights, ...moments].reduce((sum, [, { data }]) => sum + data.length, 0);
  return { files, bytes };
}

/** Writes the files beside the weights: configurations and the tokenizer. */
export async function writeBeside({ trainee: { saved }, tokenizer }: RunState, writer: FolderWriter): Promise<void> {
  for (const [name, text] of Object.entries(saved.texts)) await writer.bytes(name, text);
  for (const [name, content] of Object.entries(tokenizer.contents())) await writer.bytes(name, content);
}

/** The report that a checkpoint's folder remembers. */
export const readReport = async (folder: string): Promise<ReportState> =>
  readTrainerState(await Deno.readTextFile(`${folder}/trainer_state.json`));

/** Puts the run where the checkpoint was: weights, optimizer, counters, and last the random numbers. */
export async function restore(run: RunState, folder: string): Promise<void> {
  await restoreWeights(run.trainee, folder);
  const { tensors: moments } = await openWeights(folder, "optimizer");
  await fill(Array.from(run.optimizer.state(), ([name, t]) => [name, t, moments.get(name)!] as const));
  const state: LoopState = JSON.parse(await Deno.readTextFile(`${folder}/training_state.json`));
  run.optimizer.steps = state.optimizer_steps;
  run.skippedInARow = state.skipped_in_a_row;
  run.withoutBest = state.without_best;
  if (state.metric_schedule) run.rate.metric?.load(state.metric_schedule);
  const { tensors: random } = await openWeights(folder, "random");
  for (const device of devices()) {
    const place = random.get(device);
    if (!place) continue; // saved on a machine without this GPU
    const file = await Deno.readFile(place.file);
    setRandomState(file.subarray(place.start, place.end), device);
  }
}
