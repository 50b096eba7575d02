import type { Recipe } from "../recipe/mod.ts";
import { rehearse } from "./dry.ts";
import { type Estimate, estimateOf, type Planned } from "./estimate.ts";
import { resized } from "./work.ts";

/** A change of settings that takes less memory. */
export interface Advice {
  /** The settings to change, in TypeScript's names. */
  settings: Readonly<Record<string, string | number | boolean>>;
  /** Bytes: what the run then takes at most. */
  peak: number;
  /** Whether that is no more than there is; absent where it is not known how much there is. */
  fits?: boolean;
}

type Change = Advice["settings"];

/**
 * What to change so that a run takes less memory, each change with the peak that it gives, the mildest first: blocks
 * recomputed, fewer rows at once (as many as fit), shorter examples (as long as fit), narrower numbers, LoRA. Changes that
 * save nothing are left out. Every figure comes from a dry run under the changed settings.
 *
 * @param room bytes there are; unknown when left out
 */
export async function adviceFor({ planned, peak, computes }: Estimate, room?: number): Promise<Advice[]> {
  const found: Advice[] = [];
  for (const { settings, then } of await tryAll(planned, candidates(planned, computes), room)) {
    const part = (one: Advice) => Object.entries(one.settings).every(([name, value]) => settings[name] === value);
    if (then.peak >= peak || found.some((one) => part(one) && one.peak <= then.peak)) continue; // less does as much
    found.push({ settings, peak: then.peak, ...room === undefined ? {} : { fits: needed(then) <= room } });
  }
  return found;
}

/** Bytes that the device's memory must have: on a CPU what a save copies lies there too. */
export const needed = ({ planned, peak, copy }: Estimate): number => peak + (planned.device === "cpu" ? copy : 0);

/** The same run under other settings. */
export function changed(planned: Planned, change: Change): Planned {
  const recipe: Recipe = { ...planned.recipe, ...change };
  return { ...planned, recipe, work: resized(planned.work, planned.recipe, recipe) };
}

/** Tokens below which cutting examples shorter is no advice. */
const SHORTEST = 256;

/** A change to try, and batches to make smaller with it: `sizes` gives those of a size from 1 to `most`. */
interface Candidate {
  change: Change;
  most: number;
  sizes: (size: number) => Change;
}

/** The mildest first. */
function candidates({ recipe, work }: Planned, computes: string): Candidate[] {
  const { gradientCheckpointing, finetuningType, pureBf16, cutoffLen, gradientAccumulationSteps } = recipe;
  const again: Change = gradientCheckpointing ? {} : { gradientCheckpointing: true };
  const narrow: Change = computes === "f32" ? { bf16: true } : {};
  const lora: Change = finetuningType === "lora" ? {} : { finetuningType: "lora" };
  const rows = recipe.perDeviceTrainBatchSize;
  const alone = (change: Change): Candidate => ({ change, most: 1, sizes: () => ({}) });
  const fewer = (change: Change): Candidate =>
    rows === 1 ? alone(change) : ({
      change,
      most: rows - 1,
      sizes: (n): Change => ({
        perDeviceTrainBatchSize: n,
        gradientAccumulationSteps: Math.ceil(rows / n) * gradientAccumulationSteps,
      }),
    });
  const steps = Math.floor((Math.min(cutoffLen, work.longestRow) - 1) / SHORTEST);
  return [
    alone(again),
    fewer({}),
    fewer(again),
    ...steps > 0 ? [{ change: {}, most: steps, sizes: (n: number) => ({ cutoffLen: SHORTEST * n }) }] : [],
    alone(narrow),
    ...finetuningType === "lora" ? [] : [...pureBf16 ? [] : [alone({ pureBf16: true })], alone(lora)],
    fewer({ ...lora, ...again, ...narrow }),
  ];
}

/**
 * What each candidate comes to with the largest batches that fit, or the smallest where none do. Those that share a model
 * share what is loaded.
 */
async function tryAll(planned: Planned, candidates: readonly Candidate[], room = 0) {
  const tried = new Map<Candidate, { settings: Change; then: Estimate }>();
  const groups = Map.groupBy(candidates, ({ change }) => JSON.stringify(change));
  for (const group of groups.values()) {
    const base = changed(planned, group[0].change);
    await rehearse(base, async (parts) => {
      for (const candidate of group) {
        const { change, most, sizes } = candidate;
        const under = (size: number) => estimateOf(parts, changed(base, sizes(size)));
        let size = 1, then = await under(1);
        for (let least = 1, last = needed(then) <= room ? most : 1; least < last;) { // the largest that fits
          const middle = Math.ceil((least + last) / 2), one = await under(middle);
          if (needed(one) <= room) [least, size, then] = [middle, middle, one];
          else last = middle - 1;
        }
        tried.set(candidate, { settings: { ...change, ...sizes(size) }, then });
      }
    });
  }
  return candidates.map((candidate) => tried.get(candidate)!);
}
