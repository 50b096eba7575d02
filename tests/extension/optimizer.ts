// An optimizer rule in one file: Adagrad with momentum, two states.
import { type Rule, uniform } from "../../src/optim/mod.ts";
import type { OptimizerSettings } from "../../src/optim/settings.ts";
import { type Tensor, zeros } from "../../src/tensor/mod.ts";

const rule: Rule<{ sum: Tensor; momentum: Tensor }> = {
  state: (weight) => ({ sum: zeros(weight.shape, weight), momentum: zeros(weight.shape, weight) }),
  update({ weight, gradient, state: { sum, momentum } }, { learningRate }) {
    sum.addcmul_(gradient, gradient);
    momentum.mul_(0.5).add_(gradient.div(sum.sqrt().add_(1e-8)));
    weight.add_(momentum, { alpha: -learningRate });
  },
};

export const twice = (settings: OptimizerSettings) => uniform(rule, settings);
