import { type Device, type DType, empty, noGrad, type Tensor } from "../tensor/mod.ts";
import { Module, type Parameter, parameter } from "./module.ts";

/** Where new parameters lie, and of what type they are. */
export interface Placement {
  dtype: DType;
  device: Device;
}

/**
 * A linear map x [.., I] -> [.., O]: what an adapter wraps, and what a wrapped layer is itself. It may have no dense weight,
 * so callers use these members and never look for one.
 */
export abstract class Projection extends Module {
  abstract readonly inFeatures: number;
  abstract readonly outFeatures: number;
  abstract readonly device: Device;
  /** x' [.., I'] and weight' [O, I'] whose product x' weight'ᵀ is the result without bias, for losses that never hold it. */
  abstract factors(x: Tensor): { x: Tensor; weight: Tensor };
  /** Adds `delta` [O, I], in fp32, to the map for good. */
  abstract add(delta: Tensor): void;
}

/** x [.., I] -> x weightᵀ + bias [.., O], with a weight of [O, I]. Its values are undefined until loaded or initialised. */
export class Linear extends Projection {
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
  get device(): Device {
    return this.weight.device;
  }
  protected forward(x: Tensor): Tensor {
    return x.linear(this.weight, this.bias ?? null);
  }
  factors(x: Tensor): { x: Tensor; weight: Tensor } {
    return { x, weight: this.weight };
  }
  /** The sum is made in fp32 and rounded to the weight's type. */
  add(delta: Tensor) {
    noGrad(() => this.weight.copy_(this.weight.to("f32").add(delta)));
  }
}

/** Token ids [..] -> vectors [.., D]: what an adapter of the embedding wraps, and what a wrapped embedding is itself. */
export abstract class Lookup extends Module {
  /** [V, D] */
  abstract readonly weight: Parameter;
}

/** Token ids [..] -> rows of the weight [V, D]: [.., D]. */
export class Embedding extends Lookup {
  readonly weight: Parameter;
  constructor(rows: number, width: number, placement: Placement) {
    super();
    this.weight = parameter(empty([rows, width], placement));
  }
  protected forward(ids: Tensor): Tensor {
    return this.weight.embedding(ids);
  }
}
