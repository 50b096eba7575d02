import { newAdapter } from "../adapters/new_adapter.ts";
import { type Estimate, estimate } from "./estimate.ts";
import { type Facts, type Load, type PlanSettings, tokensOf } from "./facts.ts";
import { parametersOf } from "./parameters.ts";
import { modulesOf } from "./trained.ts";

/** A change of settings that takes less memory. */
export interface Advice {
  /** The settings to change, in TypeScript's names. */
  settings: Readonly<Record<string, string | number | boolean>>;
  /** Bytes: what the run then takes at most. */
  peak: number;
  /** Whether that is no more than there is; absent where it is not known how much there is. */
  fits?: boolean;
}

/** Tokens below which cutting examples shorter is no advice. */
const SHORTEST = 256;

/**
 * What to change so that a run takes less memory, each change with the peak that it gives, the mildest first: blocks
 * recomputed, fewer rows at once (as many as fit), shorter examples (as long as fit), narrower numbers, LoRA. Changes that
 * save nothing are left out.
 *
 * @param room bytes there are; unknown when left out
 */
export function adviceFor({ facts, peak }: Estimate, room?: number): Advice[] {
  const found: Advice[] = [];
  for (const settings of changes(facts, (change) => needed(estimate(changed(facts, change))) <= (room ?? 0))) {
    const then = estimate(changed(facts, settings));
    const part = (one: Advice) => Object.entries(one.settings).every(([name, value]) => settings[name] === value);
    if (then.peak >= peak || found.some((one) => part(one) && one.peak <= then.peak)) continue; // less does as much
    found.push({ settings, peak: then.peak, ...room === undefined ? {} : { fits: needed(then) <= room } });
  }
  return found;
}

/** Bytes that the device's memory must have: on a CPU what a save copies lies there too. */
export const needed = ({ facts, peak, copy }: Estimate): number => peak + (facts.device === "cpu" ? copy : 0);

type Change = Advice["settings"];

function* changes(facts: Facts, fits: (change: Change) => boolean): Generator<Change> {
  const { settings, computes, longestRow } = facts;
  const again: Change = settings.gradientCheckpointing ? {} : { gradientCheckpointing: true };
  const narrow: Change = computes === "f32" ? { bf16: true } : {};
  const rows = settings.perDeviceTrainBatchSize;
  const fewer = (beside: Change): Change => {
    if (rows === 1) return beside;
    const change = (n: number): Change => ({
      ...beside,
      perDeviceTrainBatchSize: n,
      gradientAccumulationSteps: Math.ceil(rows / n) * settings.gradientAccumulationSteps,
    });
    return change(largest(1, rows - 1, (n) => fits(change(n))));
  };
  yield again;
  yield fewer({});
  yield fewer(again);
  const most = Math.floor((Math.min(settings.cutoffLen, longestRow) - 1) / SHORTEST); // in steps of the shortest
  if (most > 0) yield { cutoffLen: SHORTEST * largest(1, most, (n) => fits({ cutoffLen: SHORTEST * n })) };
  yield narrow;
  if (settings.finetuningType === "lora") return yield fewer({ ...again, ...narrow });
  if (!settings.pureBf16) yield { pureBf16: true };
  yield { finetuningType: "lora" };
  yield fewer({ finetuningType: "lora", ...again, ...narrow });
}

/** The largest whole number from `least` to `most` that does; `least` where none does. */
function largest(least: number, most: number, does: (n: number) => boolean): number {
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (does(middle)) least = middle;
    else most = middle - 1;
  }
  return least;
}

/** The facts of the same run under other settings. */
export function changed(facts: Facts, changes: Advice["settings"]): Facts {
  const settings = { ...facts.settings, ...changes } as PlanSettings & { bf16?: boolean };
  const lora = settings.finetuningType === "lora";
  const modules = lora && !facts.adapter ? modulesOf(parametersOf(facts.config)) : undefined;
  return {
    ...facts,
    settings,
    computes: settings.bf16 || settings.pureBf16 ? "bf16" : facts.computes,
    adapter: modules
      ? newAdapter(settings, { modules, blocks: facts.config.numHiddenLayers, additionalTarget: [] })
      : lora
      ? facts.adapter
      : undefined,
    train: cut(facts.train, facts, settings),
    later: settings.gradientAccumulationSteps > 1 ? cut(facts.later ?? facts.train, facts, settings) : undefined,
    longestRow: Math.min(facts.longestRow, settings.cutoffLen),
  };
}

/** The largest batch that fewer rows and a shorter cutoff can make: no more rows than the longest, no more tokens than now. */
function cut(load: Load, { longestRow, settings: before }: Facts, settings: PlanSettings): Load {
  const { perDeviceTrainBatchSize: rows, cutoffLen } = settings;
  if (rows === before.perDeviceTrainBatchSize && cutoffLen === before.cutoffLen) return load;
  const most = Math.min(tokensOf(load), rows * Math.min(longestRow, cutoffLen));
  const lengths: number[] = [];
  let left = most;
  for (const length of load.lengths.toSorted((a, b) => b - a)) {
    const taken = Math.min(length, cutoffLen, left);
    if (taken > 0) lengths.push(taken);
    left -= taken;
  }
  return { lengths, learned: Math.min(load.learned, tokensOf({ lengths, learned: 0 })) };
}
