// The parts of two runs' folders that must be equal.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";

type Line = Record<string, unknown>;

const TIMES = /^(elapsed_time|remaining_time|throughput|memory_allocated|total_flos)$|_(runtime|per_second)$/;

/** The lines of `trainer_log.jsonl` without times. */
export const logOf = (folder: string): Line[] =>
  Deno.readTextFileSync(`${folder}/trainer_log.jsonl`).trimEnd().split("\n").map((line) => timeless(JSON.parse(line)));

/** `trainer_state.json` of a run or a checkpoint. */
export const stateOf = (folder: string) => JSON.parse(Deno.readTextFileSync(`${folder}/trainer_state.json`));

/** `log_history` of `trainer_state.json` without times. */
export const historyOf = (folder: string): Line[] => stateOf(folder).log_history.map(timeless);

/** Names in a folder, sorted. */
export const namesIn = (folder: string): string[] => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

/** The steps of a run's checkpoints, in order. */
export const checkpointsOf = (folder: string): number[] =>
  namesIn(folder).flatMap((name) => name.match(/^checkpoint-(\d+)$/)?.[1] ?? []).map(Number).sort((a, b) => a - b);

/** The SHA-256 of a file. */
export const hashOf = (path: string): string => createHash("sha256").update(Deno.readFileSync(path)).digest("hex");

/** Each safetensors file of a folder with its hash: the final weights, or all the numbers of a checkpoint. */
export const weightsOf = (folder: string): Record<string, string> =>
  Object.fromEntries(
    namesIn(folder).filter((name) => name.endsWith(".safetensors")).map((name) => [name, hashOf(`${folder}/${name}`)]),
  );

/** Checks that two runs ended with the same bytes and files; times may differ. */
export function assertSameRun(actual: string, expected: string) {
  assert.deepEqual(namesIn(actual), namesIn(expected));
  assert.deepEqual(weightsOf(actual), weightsOf(expected));
  for (const step of checkpointsOf(expected)) {
    const [mine, theirs] = [actual, expected].map((folder) => `${folder}/checkpoint-${step}`);
    assert.deepEqual(weightsOf(mine), weightsOf(theirs), `checkpoint-${step}`);
    assert.deepEqual(stateFacts(mine), stateFacts(theirs));
  }
  assert.deepEqual(logOf(actual), logOf(expected));
  assert.deepEqual(historyOf(actual), historyOf(expected));
  assert.deepEqual(stateFacts(actual), stateFacts(expected));
  assert.deepEqual(resultsOf(actual), resultsOf(expected));
}

function stateFacts(folder: string): Line {
  const { best_model_checkpoint: best, log_history: _, stateful_callbacks: own, ...rest } = stateOf(folder);
  const { seconds: __, ...attributes } = own.ftx.attributes;
  return { ...rest, best: best?.replace(/.*\//, ""), attributes };
}

const resultsOf = (folder: string): Line => timeless(JSON.parse(Deno.readTextFileSync(`${folder}/all_results.json`)));

function timeless(line: Line): Line {
  return Object.fromEntries(
    Object.entries(line).filter(([name]) =>
      !TIMES.test(name) && !["effective_tokens_per_sec", "peak_memory_bytes"].includes(name)
    ),
  );
}
