import { empty, type Tensor } from "../tensor/mod.ts";
import type { Placement } from "./linear.ts";
import { Module, type Parameter, parameter } from "./module.ts";

/** x [.., D] / sqrt(mean(x²) + eps) · weight [D]; the statistics are fp32. https://arxiv.org/abs/1910.07467 */
export class RmsNorm extends Module {
  readonly weight: Parameter;
  readonly #eps: number;
  constructor(width: number, eps: number, placement: Placement) {
    super();
    this.weight = parameter(empty([width], placement));
    this.#eps = eps;
  }
  protected forward(x: Tensor): Tensor {
    return x.fusedRmsNorm(this.weight, this.#eps);
  }
}

/** The same, step by step as HF's modelling code; a test holds the two equal. */
export function plainRmsNorm(x: Tensor, weight: Tensor, eps: number): Tensor {
  const wide = x.to("f32");
  const scaled = wide.mul(wide.mul(wide).meanOver([-1], { keepdim: true }).add(eps).rsqrt());
  return weight.mul(scaled.to(x.dtype));
}
