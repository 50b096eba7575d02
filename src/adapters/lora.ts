import { Module, type Parameter, parameter, type Projection } from "../nn/mod.ts";
import { cat, empty, noGrad, type Tensor } from "../tensor/mod.ts";

// N tokens, I inputs, O outputs, R rank.

/** How one layer's branch is made. */
export interface LoraOptions {
  rank: number;
  alpha: number;
  /** Chance that an input of A is dropped, in training. Default 0. */
  dropout?: number;
  /** Scale by alpha / sqrt(rank) instead of alpha / rank: https://arxiv.org/abs/2312.03732. Default false. */
  rslora?: boolean;
}

/**
 * A frozen projection with a trained branch of low rank beside it: https://arxiv.org/abs/2106.09685, equation 3.
 *
 *     x [N, I] ──────── W [O, I] ────────┐
 *        └─ dropout ─ A [R, I] ─ B [O, R] ─ · scale ─(+)─ y [N, O]
 *
 * A and B are fp32 and named as PEFT names them; the projection's own parameters keep their names.
 */
export class LoraLinear extends Module implements Projection {
  base: Projection;
  readonly loraA: Parameter;
  readonly loraB: Parameter;
  /** Off: only the projection computes, as if the branch were not there. */
  enabled = true;
  /** Whether dropout acts. */
  training = false;
  readonly scale: number;
  readonly #dropout: number;

  constructor(base: Projection, { rank, alpha, dropout = 0, rslora = false }: LoraOptions) {
    super();
    const device = base.weight.device;
    this.base = base;
    this.loraA = parameter(empty([rank, base.inFeatures], { dtype: "f32", device }));
    this.loraB = parameter(empty([base.outFeatures, rank], { dtype: "f32", device }));
    this.scale = alpha / (rslora ? Math.sqrt(rank) : rank);
    this.#dropout = dropout;
  }

  /** Draws A and zeroes B, as PEFT's `init_lora_weights`: true is Kaiming-uniform with a = √5, "gaussian" N(0, 1/R²). */
  initialise(how: true | "gaussian" = true) {
    const [R, I] = this.loraA.shape;
    noGrad(() => {
      if (how === "gaussian") this.loraA.normal_(0, 1 / R);
      else this.loraA.uniform_(-1 / Math.sqrt(I), 1 / Math.sqrt(I));
      this.loraB.zero_();
    });
  }

  get weight(): Parameter {
    return this.base.weight;
  }
  get bias(): Parameter | undefined {
    return this.base.bias;
  }
  get inFeatures(): number {
    return this.base.inFeatures;
  }
  get outFeatures(): number {
    return this.base.outFeatures;
  }

  protected override nameOf(field: string): string {
    return { base: "", loraA: "lora_A.weight", loraB: "lora_B.weight" }[field] ?? super.nameOf(field);
  }

  protected forward(x: Tensor): Tensor {
    if (!this.enabled) return this.base.call(x);
    return x.loraLinear(this.weight, this.bias ?? null, this.#drop(x), this.loraA, this.loraB, this.scale);
  }

  /** [x, scale · dropped Aᵀ] and [W, B]: the branch as R more channels. */
  factors(x: Tensor): { x: Tensor; weight: Tensor } {
    const base = this.base.factors(x);
    if (!this.enabled) return base;
    const low = this.#drop(x).linear(this.loraA.to(x.dtype)).mul(this.scale);
    return { x: cat([base.x, low], -1), weight: cat([base.weight, this.loraB.to(x.dtype)], 1) };
  }

  #drop(x: Tensor): Tensor {
    return this.training && this.#dropout > 0 ? x.dropout(this.#dropout, true) : x;
  }

  /** The change that the branch makes to the weight: scale · B A [O, I] in fp32. */
  delta(): Tensor {
    return this.loraB.matmul(this.loraA).mul(this.scale);
  }

  /** Adds the branch to the projection's weight; the projection is then to be put back in its place. */
  merge(): Projection {
    noGrad(() => this.weight.copy_(this.weight.to("f32").add(this.delta())));
    this.loraA[Symbol.dispose]();
    this.loraB[Symbol.dispose]();
    return this.base;
  }
}

/** The same computation, step by step as PEFT's `Linear.forward`; a test holds the two equal. `dropped` is x after dropout. */
export function plainLora(x: Tensor, layer: LoraLinear, dropped: Tensor = x): Tensor {
  const a = layer.loraA.to(x.dtype), b = layer.loraB.to(x.dtype);
  return x.linear(layer.weight, layer.bias ?? null).add(dropped.linear(a).linear(b).mul(layer.scale));
}
