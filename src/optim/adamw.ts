import type { Parameter } from "../nn/mod.ts";
import { adamw_, fusedAdamw_, gradNorm, keep, noGrad, scope, type Tensor, zeros } from "../tensor/mod.ts";

/** A parameter with its name in checkpoints. */
export type Named = readonly [name: string, parameter: Parameter];

export interface AdamWOptions {
  /** Default 0.9. */
  beta1?: number;
  /** Default 0.999. */
  beta2?: number;
  /** Default 1e-8. */
  eps?: number;
  /** Decoupled decay of the parameters that `decays` names. Default 0. */
  weightDecay?: number;
  /** Weights, moments and updates all in bf16: half the memory, less precise. Default false: fp32 masters. */
  pureBf16?: boolean;
  /** fp32 values of narrower parameters, by name, where they are known better than the parameter says; taken over. */
  masters?: ReadonlyMap<string, Tensor>;
}

interface Slot {
  name: string;
  parameter: Parameter;
  master: Tensor; // the parameter itself where that is fp32, or where bf16 is wanted pure
  expAvg: Tensor;
  expAvgSq: Tensor;
  gathered?: Tensor; // fp32 sum of the gradients of several batches, where the parameter is narrower
  decay: boolean;
}

/** Parameters that share their rates, and what belongs to each. */
type Lists = Record<"parameters" | "masters" | "gradients" | "expAvgs" | "expAvgSqs", Tensor[]>;
type Rates = Record<"lr" | "beta1" | "beta2" | "eps" | "weightDecay" | "step", number>;

/**
 * AdamW (https://arxiv.org/abs/1711.05101), the numbers of `torch.optim.AdamW`. Narrow parameters have fp32 masters. Gradients of
 * several batches are summed, in fp32, and a step divides by what they are the sum of.
 */
export class AdamW {
  /** Updates made so far. */
  steps = 0;
  readonly #slots: Slot[];
  readonly #options: Required<Omit<AdamWOptions, "pureBf16" | "masters">>;

  constructor(parameters: Iterable<Named>, options: AdamWOptions = {}) {
    const { pureBf16 = false, masters, ...rest } = options;
    this.#options = { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, ...rest };
    this.#slots = scope(() =>
      Array.from(parameters, ([name, parameter]) => {
        const own = pureBf16 || parameter.dtype === "f32";
        const master = own ? parameter : masters?.get(name) ?? keep(noGrad(() => parameter.detach().to("f32")));
        const like = { dtype: own ? parameter.dtype : "f32", device: parameter.device } as const;
        const moment = () => keep(zeros(parameter.shape, like));
        return { name, parameter, master, expAvg: moment(), expAvgSq: moment(), decay: decays(name) };
      })
    );
  }

  /** Takes the gradients of one batch, so that those of the next are added in fp32. Not needed for the last batch of a step. */
  gather() {
    noGrad(() =>
      scope(() => {
        for (const slot of this.#slots) if (slot.master !== slot.parameter) this.#gatherOne(slot); // fp32 leaves sum in place
      })
    );
  }

  /** The 2-norm of all gradients together, still undivided, where the gradients are. Lives in the scope around. */
  norm(): Tensor {
    return noGrad(() => scope(() => gradNorm(this.#gradients().map(({ gradient }) => gradient))));
  }

  /** One update with the gradients times `gradScale`, which then are gone. */
  step(learningRate: number, gradScale = 1) {
    this.#step(
      learningRate,
      ({ parameters, masters, gradients, expAvgs, expAvgSqs }, rates) =>
        adamw_(parameters, masters, gradients, expAvgs, expAvgSqs, { ...rates, gradScale }),
    );
  }

  /**
   * The same without waiting for a GPU: the gradients are divided by a number that only the GPU knows yet, and nothing changes
   * where `skip` will be 1; both fp32 [1]. Whoever learns later that the step was left out calls `takeBack`.
   */
  stepOnDevice(learningRate: number, { divisor, skip }: { divisor: Tensor; skip: Tensor }) {
    this.#step(
      learningRate,
      ({ parameters, masters, gradients, expAvgs, expAvgSqs }, rates) =>
        fusedAdamw_(parameters, masters, gradients, expAvgs, expAvgSqs, divisor, skip, rates),
    );
  }

  /** The last `stepOnDevice` was left out. */
  takeBack() {
    this.steps--;
  }

  #step(lr: number, update: (lists: Lists, rates: Rates) => void) {
    this.steps++;
    const { beta1, beta2, eps, weightDecay } = this.#options;
    noGrad(() =>
      scope(() => {
        const all = this.#gradients();
        for (const decay of [true, false]) {
          const part = all.filter(({ slot }) => slot.decay === decay);
          if (part.length === 0) continue;
          update({
            parameters: part.map(({ slot }) => slot.parameter),
            masters: part.map(({ slot }) => slot.master),
            gradients: part.map(({ gradient }) => gradient),
            expAvgs: part.map(({ slot }) => slot.expAvg),
            expAvgSqs: part.map(({ slot }) => slot.expAvgSq),
          }, { lr, beta1, beta2, eps, weightDecay: decay ? weightDecay : 0, step: this.steps });
        }
      })
    );
    this.zeroGrad();
  }

  /** Forgets all gradients. */
  zeroGrad() {
    for (const slot of this.#slots) {
      slot.parameter.grad = null;
      slot.gathered?.[Symbol.dispose]();
      slot.gathered = undefined;
    }
  }

  /** Everything a resumed run needs besides `steps`: moments, and masters where there are any, by name. */
  *state(): Generator<[string, Tensor]> {
    for (const { name, parameter, master, expAvg, expAvgSq } of this.#slots) {
      yield [`exp_avg.${name}`, expAvg];
      yield [`exp_avg_sq.${name}`, expAvgSq];
      if (master !== parameter) yield [`master.${name}`, master];
    }
  }

  #gradients(): { slot: Slot; gradient: Tensor }[] {
    return this.#slots.flatMap((slot) => {
      if (slot.gathered) this.#gatherOne(slot);
      const gradient = slot.gathered ?? slot.parameter.grad;
      return gradient ? [{ slot, gradient }] : [];
    });
  }

  #gatherOne(slot: Slot) {
    const g = slot.parameter.grad;
    if (g === null) return;
    if (slot.gathered) slot.gathered.add_(g);
    else slot.gathered = keep(g.to("f32"));
    slot.parameter.grad = null;
  }

  [Symbol.dispose]() {
    this.zeroGrad();
    for (const { parameter, master, expAvg, expAvgSq } of this.#slots) {
      if (master !== parameter) master[Symbol.dispose]();
      expAvg[Symbol.dispose]();
      expAvgSq[Symbol.dispose]();
    }
  }
}

/** Whether weight decay acts on a parameter: on all but biases and norms, by HF Trainer's patterns. LoRA's A and B decay. */
export function decays(name: string): boolean {
  return !/bias|layernorm|rmsnorm|(^|\.)norm(\.|$)|_norm(\.|$)/i.test(name);
}
