import { adamw_, fusedAdamw_, type Tensor, zeros } from "../../tensor/mod.ts";
import type { Rates, RawItem, Rule } from "../rule.ts";

export interface AdamWOptions {
  /** Decay of the average gradient. Default 0.9. */
  beta1?: number;
  /** Decay of the average squared gradient. Default 0.999. */
  beta2?: number;
  /** Added to the denominator for stability. Default 1e-8. */
  eps?: number;
}

type Moments = { exp_avg: Tensor; exp_avg_sq: Tensor };

/** AdamW (https://arxiv.org/abs/1711.05101, algorithm 2), the numbers of `torch.optim.AdamW`. */
export function adamw({ beta1 = 0.9, beta2 = 0.999, eps = 1e-8 }: AdamWOptions = {}): Rule<Moments> {
  const all = ({ learningRate: lr, weightDecay, step }: Rates) => ({ lr, beta1, beta2, eps, weightDecay, step });
  return {
    state: (weight) => ({ exp_avg: zeros(weight.shape, weight), exp_avg_sq: zeros(weight.shape, weight) }),

    update({ weight, gradient, state: { exp_avg: m, exp_avg_sq: v } }, { learningRate, weightDecay, step }) {
      weight.mul_(1 - learningRate * weightDecay);
      m.lerp_(gradient, 1 - beta1);
      v.mul_(beta2).addcmul_(gradient, gradient, { value: 1 - beta2 });
      const root = v.sqrt().div_(Math.sqrt(1 - beta2 ** step)).add_(eps);
      weight.addcdiv_(m, root, { value: -learningRate / (1 - beta1 ** step) });
    },

    fused(items, rates, gradScale) {
      const { parameters, weights, gradients, means, squares } = lists(items);
      adamw_(parameters, weights, gradients, means, squares, { ...all(rates), gradScale });
    },

    onDevice(items, rates, { divisor, skip }) {
      const { parameters, weights, gradients, means, squares } = lists(items);
      fusedAdamw_(parameters, weights, gradients, means, squares, divisor, skip, all(rates));
    },
  };
}

const lists = (items: readonly RawItem<Moments>[]) => ({
  parameters: items.map(({ parameter }) => parameter),
  weights: items.map(({ weight }) => weight),
  gradients: items.map(({ gradient }) => gradient),
  means: items.map(({ state }) => state.exp_avg),
  squares: items.map(({ state }) => state.exp_avg_sq),
});
