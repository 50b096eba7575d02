import { type Tensor, zeros } from "../../tensor/mod.ts";
import type { Rule } from "../rule.ts";

export interface LionOptions {
  /** Share of the average gradient in the direction of a step. Default 0.9. */
  beta1?: number;
  /** Decay of the average gradient. Default 0.99. */
  beta2?: number;
}

/** Lion (https://arxiv.org/abs/2302.06675, algorithm 2), the numbers of `lion-pytorch`: each weight moves by the learning rate. */
export function lion({ beta1 = 0.9, beta2 = 0.99 }: LionOptions = {}): Rule<{ exp_avg: Tensor }> {
  return {
    state: (weight) => ({ exp_avg: zeros(weight.shape, weight) }),

    update({ weight, gradient, state: { exp_avg: m } }, { learningRate, weightDecay }) {
      weight.mul_(1 - learningRate * weightDecay);
      const direction = m.mul(beta1).add_(gradient, { alpha: 1 - beta1 }).sign();
      weight.add_(direction, { alpha: -learningRate });
      m.mul_(beta2).add_(gradient, { alpha: 1 - beta2 });
    },
  };
}
