import { Lookup, type Parameter, parameter } from "../nn/mod.ts";
import { empty, noGrad, type Tensor } from "../tensor/mod.ts";
import type { LoraOptions } from "./lora.ts";

// N tokens, V vocabulary, D hidden, R rank.

/**
 * A frozen embedding plus a trained branch of low rank, as PEFT's: rows + scale · A[:, ids]ᵀ Bᵀ, with A [R, V] and B [D, R]
 * in fp32. A head that is the same weight as the embedding does not get the branch. Dropout does not act here.
 */
export class LoraEmbedding extends Lookup {
  base: Lookup;
  readonly loraA: Parameter;
  readonly loraB: Parameter;
  /** False: only the base computes, as if there were no branch. */
  enabled = true;
  readonly scale: number;

  constructor(base: Lookup, { rank, alpha, rslora = false }: LoraOptions) {
    super();
    const { shape: [V, D], device } = base.weight;
    this.base = base;
    this.loraA = parameter(empty([rank, V], { dtype: "f32", device }));
    this.loraB = parameter(empty([D, rank], { dtype: "f32", device }));
    this.scale = alpha / (rslora ? Math.sqrt(rank) : rank);
  }

  /** Zeroes A and draws B from a normal distribution of deviation 1: PEFT's start of an embedding's branch. */
  initialise() {
    noGrad(() => {
      this.loraA.zero_();
      this.loraB.normal_(0, 1);
    });
  }

  get weight(): Parameter {
    return this.base.weight;
  }

  protected override nameOf(field: string): string {
    return { base: "", loraA: "lora_embedding_A", loraB: "lora_embedding_B" }[field] ?? super.nameOf(field);
  }

  protected forward(ids: Tensor): Tensor {
    const rows = this.base.call(ids);
    if (!this.enabled) return rows;
    const low = this.loraA.t().embedding(ids); // [N, R]
    return rows.add(low.linear(this.loraB).mul(this.scale)).to(rows.dtype);
  }

  /** Adds the branch to the rows, disposes it and returns the embedding, which the caller puts in this layer's place. */
  merge(): Lookup {
    const { weight, loraA, loraB, scale } = this;
    noGrad(() => weight.copy_(weight.to("f32").add(loraB.matmul(loraA).mul(scale).t())));
    loraA[Symbol.dispose]();
    loraB[Symbol.dispose]();
    return this.base;
  }
}
