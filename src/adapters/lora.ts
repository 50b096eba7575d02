import { Linear, type Parameter, parameter, Projection } from "../nn/mod.ts";
import { cat, type Device, empty, noGrad, type Tensor } from "../tensor/mod.ts";

// N tokens, I inputs, O outputs, R rank.

/** Shape and scale of one layer's branch. */
export interface LoraOptions {
  rank: number;
  alpha: number;
  /** Probability that an input of A is dropped in training. Default 0. */
  dropout?: number;
  /** Scale by alpha / sqrt(rank) instead of alpha / rank: https://arxiv.org/abs/2312.03732. Default false. */
  rslora?: boolean;
}

/**
 * A frozen projection plus a trained branch of low rank: https://arxiv.org/abs/2106.09685, equation 3.
 *
 *     x [N, I] ────────── base ──────────┐
 *        └─ dropout ─ A [R, I] ─ B [O, R] ─ · scale ─(+)─ y [N, O]
 *
 * A and B are fp32 and have PEFT's names; the parameters of the base keep theirs. The base may be any projection, another
 * LoraLinear included.
 */
export class LoraLinear extends Projection {
  base: Projection;
  readonly loraA: Parameter;
  readonly loraB: Parameter;
  /** False: only the base computes, as if there were no branch. */
  enabled = true;
  /** Whether dropout acts. */
  training = false;
  readonly scale: number;
  readonly #dropout: number;

  constructor(base: Projection, { rank, alpha, dropout = 0, rslora = false }: LoraOptions) {
    super();
    const { inFeatures: I, outFeatures: O, device } = base;
    this.base = base;
    this.loraA = parameter(empty([rank, I], { dtype: "f32", device }));
    this.loraB = parameter(empty([O, rank], { dtype: "f32", device }));
    this.scale = alpha / (rslora ? Math.sqrt(rank) : rank);
    this.#dropout = dropout;
  }

  /**
   * Draws A and zeroes B like PEFT's `init_lora_weights`: true is Kaiming-uniform with a = √5, "gaussian" is normal with
   * deviation 1/R.
   */
  initialise(how: true | "gaussian" = true) {
    const [R, I] = this.loraA.shape;
    noGrad(() => {
      if (how === "gaussian") this.loraA.normal_(0, 1 / R);
      else this.loraA.uniform_(-1 / Math.sqrt(I), 1 / Math.sqrt(I));
      this.loraB.zero_();
    });
  }

  get inFeatures(): number {
    return this.base.inFeatures;
  }
  get outFeatures(): number {
    return this.base.outFeatures;
  }
  get device(): Device {
    return this.base.device;
  }

  protected override nameOf(field: string): string {
    return { base: "", loraA: "lora_A.weight", loraB: "lora_B.weight" }[field] ?? super.nameOf(field);
  }

  protected forward(x: Tensor): Tensor {
    const { base, loraA, loraB, scale } = this;
    if (!this.enabled) return base.call(x);
    const dropped = this.#drop(x);
    if (!isFrozenLinear(base)) return plainLora(x, this, dropped);
    return x.loraLinear(base.weight, base.bias ?? null, dropped, loraA, loraB, scale);
  }

  /** The base's factors with the branch as R more channels: [x, scale · dropped Aᵀ] and [W, B]. */
  factors(x: Tensor): { x: Tensor; weight: Tensor } {
    const base = this.base.factors(x);
    if (!this.enabled) return base;
    const low = this.#drop(x).linear(this.loraA.to(x.dtype)).mul(this.scale);
    return { x: cat([base.x, low], -1), weight: cat([base.weight, this.loraB.to(x.dtype)], 1) };
  }

  #drop(x: Tensor): Tensor {
    return this.training && this.#dropout > 0 ? x.dropout(this.#dropout, true) : x;
  }

  /** What the branch adds to the weight: scale · B A, [O, I] in fp32. */
  delta(): Tensor {
    return this.loraB.matmul(this.loraA).mul(this.scale);
  }

  add(delta: Tensor) {
    this.base.add(delta);
  }

  /** Adds the branch to the base, disposes it and returns the base, which the caller puts in this layer's place. */
  merge(): Projection {
    noGrad(() => this.base.add(this.delta()));
    this.loraA[Symbol.dispose]();
    this.loraB[Symbol.dispose]();
    return this.base;
  }
}

/**
 * The fused operator computes the base itself and gives it no gradients, so it may only stand in for a base that is exactly a
 * `Linear` and of which nothing trains: an adapter may train its bias.
 */
const isFrozenLinear = (base: Projection): base is Linear =>
  base.constructor === Linear && !(base as Linear).weight.wantsGrad && !(base as Linear).bias?.wantsGrad;

/**
 * The same computation step by step, as in PEFT's `Linear.forward`, over any base; a test holds the two equal. `dropped` is x
 * after dropout.
 */
export function plainLora(x: Tensor, { base, loraA, loraB, scale }: LoraLinear, dropped: Tensor = x): Tensor {
  const low = dropped.linear(loraA.to(x.dtype)).linear(loraB.to(x.dtype)); // [N, O]
  return base.call(x).add(low.mul(scale));
}
