import { WIDTHS } from "./facts.ts";
import type { Shadow, Store, Tape } from "./tape.ts";

const F32 = WIDTHS.f32;

/** AdamW (src/optim/adamw.ts) without numbers. */
export interface ShadowOptimizer {
  /** Takes the gradients of a batch into fp32 sums, where parameters are narrower. */
  gather: () => void;
  /** Takes the gradients of the last batch, and forgets them all. */
  step: () => void;
}

/** Bytes of an element of the optimizer's memory of a parameter: two moments, and a master where there is one. */
export function stateWidth(width: number, pureBf16: boolean): number {
  return pureBf16 || width === F32 ? 2 * width : 3 * F32;
}

/** Takes the memory of the optimizer's state, for each parameter that trains. */
export function shadowOptimizer(
  tape: Tape,
  parameters: Iterable<Shadow>,
  { pureBf16, device }: { pureBf16: boolean; device: "cpu" | "cuda" },
): ShadowOptimizer {
  const slots = Array.from(parameters, (parameter) => {
    const { width } = parameter, own = pureBf16 || width === F32;
    if (!own) tape.tensor(parameter.size, F32, "optimizer"); // the master
    for (let moment = 0; moment < 2; moment++) tape.tensor(parameter.size, own ? width : F32, "optimizer");
    return { parameter, own, gathered: undefined as Store | undefined };
  });
  const gatherOne = (slot: typeof slots[number]) => {
    const { parameter, own } = slot;
    if (own || !parameter.grad) return;
    if (slot.gathered) tape.during(device === "cpu" ? parameter.size * F32 : 0, () => {}); // there by way of a copy as wide
    else slot.gathered = tape.flow(parameter.size * F32, "gradients");
    tape.forget(parameter);
  };
  return {
    gather: () => slots.forEach(gatherOne),
    step: () => {
      tape.ledger.doing = "the optimizer's step";
      for (const slot of slots) if (slot.gathered) gatherOne(slot);
      const narrow = slots.filter(({ own, gathered, parameter }) => !own && !gathered && parameter.grad);
      if (device === "cuda") tape.during(widened(narrow.map(({ parameter }) => parameter.size * F32)), () => {});
      for (const slot of slots) {
        tape.forget(slot.parameter);
        if (slot.gathered) tape.drop(slot.gathered);
        slot.gathered = undefined;
      }
    },
  };
}

/** Bytes of widened gradients that exist at once: ffi/kernels/fused_adamw.cpp updates once there is so much. */
const ROOM = 256 << 20;

function widened(sizes: readonly number[]): number {
  return Math.min(sizes.reduce((sum, bytes) => sum + bytes, 0), ROOM + Math.max(0, ...sizes));
}
