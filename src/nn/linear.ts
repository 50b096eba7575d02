import { type Device, type DType, empty, type Tensor } from "../tensor/mod.ts";
import { Module, type Parameter, parameter } from "./module.ts";

/** Where new parameters lie, and of what type they are. */
export interface Placement {
  dtype: DType;
  device: Device;
}

/** What an adapter may wrap: a map from I to O channels whose weight is [O, I]. */
export interface Projection extends Module {
  readonly weight: Parameter;
  readonly bias?: Parameter;
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** Of what the layer's result, but for its bias, is the product x weightᵀ: for a loss that never holds the result. */
  factors(x: Tensor): { x: Tensor; weight: Tensor };
}

/** x [.., I] -> x weightᵀ + bias [.., O], with a weight of [O, I]. Its values are undefined until loaded or initialised. */
export class Linear extends Module implements Projection {
  readonly weight: Parameter;
  declare readonly bias?: Parameter;

  constructor(inFeatures: number, outFeatures: number, { bias = false, ...placement }: Placement & { bias?: boolean }) {
    super();
    this.weight = parameter(empty([outFeatures, inFeatures], placement));
    if (bias) this.bias = parameter(empty([outFeatures], placement));
  }
  get inFeatures(): number {
    return this.weight.shape[1];
  }
  get outFeatures(): number {
    return this.weight.shape[0];
  }
  protected forward(x: Tensor): Tensor {
    return x.linear(this.weight, this.bias ?? null);
  }
  factors(x: Tensor): { x: Tensor; weight: Tensor } {
    return { x, weight: this.weight };
  }
}

/** Token ids [..] -> rows of the weight [V, D]: [.., D]. */
export class Embedding extends Module {
  readonly weight: Parameter;
  constructor(rows: number, width: number, placement: Placement) {
    super();
    this.weight = parameter(empty([rows, width], placement));
  }
  protected forward(ids: Tensor): Tensor {
    return this.weight.embedding(ids);
  }
}
