import { type Tensor, zeros } from "../../tensor/mod.ts";
import type { Rule } from "../rule.ts";

export interface SgdOptions {
  /** Decay of the sum of gradients that a step follows. Default 0: follow the gradient alone, without state. */
  momentum?: number;
  /** Share of each gradient but the first that is left out of the sum. Default 0. */
  dampening?: number;
  /** Nesterov momentum. Requires `momentum` and no `dampening`. Default false. */
  nesterov?: boolean;
}

/** Stochastic gradient descent, the numbers of `torch.optim.SGD`. Weight decay is added to the gradient. */
export function sgd(
  { momentum = 0, dampening = 0, nesterov = false }: SgdOptions = {},
): Rule<{ momentum_buffer?: Tensor }> {
  return {
    state: (weight) => momentum ? { momentum_buffer: zeros(weight.shape, weight) } : {},

    update({ weight, gradient, state: { momentum_buffer: buffer } }, { learningRate, weightDecay, step }) {
      if (weightDecay) gradient.add_(weight, { alpha: weightDecay });
      buffer?.mul_(momentum).add_(gradient, { alpha: step === 1 ? 1 : 1 - dampening });
      const direction = !buffer ? gradient : nesterov ? gradient.add_(buffer, { alpha: momentum }) : buffer;
      weight.add_(direction, { alpha: -learningRate });
    },
  };
}
