import { MemoryError } from "../errors.ts";
import type { Prepared } from "../data/mod.ts";
import type { Vocabulary } from "../models/mod.ts";
import { judgedBy } from "../prepare/mod.ts";
import type { Recipe } from "../recipe/mod.ts";
import { availableMemory, cudaDevices, type Device, gpuMemory } from "../tensor/mod.ts";
import { adviceFor } from "./advice.ts";
import { type Estimate, estimate } from "./estimate.ts";
import { advised, outlook, type Room, size } from "./text.ts";
import { workOf } from "./work.ts";

/** What is known of a run before its model is loaded. */
export interface Known {
  device: Device;
  /** The data, and the tokenizer's vocabulary; without them the largest batch there could be is taken. */
  prepared?: { data: Pick<Prepared, "train" | "evals">; vocabulary: Vocabulary };
}

/**
 * The estimate of a run, by a dry run of its largest batches.
 *
 * @throws {FtxError} What loading would end with, or a `metric_for_best_model` that no evaluation has.
 */
export async function forecast(recipe: Recipe, { device, prepared }: Known): Promise<Estimate> {
  const vocabulary = prepared?.vocabulary ?? { tokens: 0, added: [] }, sets = Object.keys(prepared?.data.evals ?? {});
  const expected = await estimate({ recipe, device, vocabulary, work: workOf(recipe, prepared?.data) });
  if (sets.length > 0) judgedBy(recipe, sets, expected.metrics); // a name that no metric has is found here
  return expected;
}

/** The memory of the device that a run computes on. */
export function roomOn(device: Device): Room {
  if (device === "cpu") return { device, bytes: availableMemory() };
  return Number(device.slice("cuda:".length)) < cudaDevices() ? { device, bytes: gpuMemory(device).free } : { device };
}

/**
 * Refuses a run that surely cannot be: weights and the optimizer's state alone are more than the device has.
 *
 * @throws {MemoryError}
 */
export async function refuseImpossible(expected: Estimate, room: Room, { modelNameOrPath, force }: Recipe) {
  if (force || outlook(expected, room) !== "cannot fit") return;
  const advice = advised(await adviceFor(expected, room.bytes));
  throw new MemoryError(
    `Cannot train "${modelNameOrPath}": weights and optimizer alone take ${size(expected.least)} on ${room.device}, ` +
      `where ${size(room.bytes!)} are free; ${advice}, or force = true to try all the same`,
  );
}
