import type { Advice } from "./advice.ts";
import type { Estimate } from "./estimate.ts";
import type { Probed } from "./table.ts";
import { snakeCase } from "../settings/spelling.ts";
import { outlook, type Room } from "./text.ts";

/** The estimate as one object for programs: bytes, seconds, names in snake case. */
export function planJson(estimate: Estimate, room: Room, advice: readonly Advice[], probed?: Probed): string {
  const { parameters, trainable, peak, doing, memory, least, copy, flopsPerToken, planned: { work } } = estimate;
  const all = {
    ...{ parameters, trainable, peak, memory, peakIn: doing, least, copy },
    device: room.device,
    free: room.bytes ?? null,
    outlook: outlook(estimate, room),
    ...{ flopsPerToken, tokensPerStep: work.tokensPerStep, steps: work.totalSteps ?? null },
    advice: advice.map((one) => ({ ...one, settings: snaked(one.settings) })),
    probe: probed ? snaked(probed) : null,
  };
  return JSON.stringify(snaked(all));
}

const snaked = (all: object) =>
  Object.fromEntries(Object.entries(all).map(([name, value]) => [snakeCase(name), value]));
