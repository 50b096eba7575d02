import { MemoryError } from "../errors.ts";
import { adviceFor, advised, type Estimate, estimate, outlook, type Room, size } from "./mod.ts";
import type { Recipe } from "../recipe/mod.ts";
import { availableMemory, cudaDevices, type Device, gpuMemory } from "../tensor/mod.ts";
import { factsOf, type Known } from "./run_facts.ts";

/** The estimate of a run, for the larger of its largest batches. */
export function forecast(recipe: Recipe, known: Known): Estimate {
  return factsOf(recipe, known).map((facts) => estimate(facts)).reduce((a, b) => a.peak >= b.peak ? a : b);
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
export function refuseImpossible(expected: Estimate, room: Room, { modelNameOrPath, force }: Recipe) {
  if (force || outlook(expected, room) !== "cannot fit") return;
  throw new MemoryError(
    `Cannot train "${modelNameOrPath}": weights and optimizer alone take ${
      size(expected.least)
    } on ${room.device}, where ` +
      `${size(room.bytes!)} are free; ${advised(adviceFor(expected, room.bytes))}, or force = true to try all the same`,
  );
}
