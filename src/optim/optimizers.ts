import type { Parameter } from "../nn/mod.ts";
import type { Rule } from "./rule.ts";
import { adamw } from "./rules/adamw.ts";
import { lion } from "./rules/lion.ts";
import { sgd } from "./rules/sgd.ts";
import { type OptimizerName, type OptimizerSettings, SGD_ARGS } from "./settings.ts";

/** How the parameters of one group are updated. */
export interface Group {
  readonly rule: Rule;
  /** What the learning rate is multiplied by. Default 1. */
  readonly rate?: number;
  /** Default 0. */
  readonly weightDecay?: number;
}

/** Chooses the group of a parameter. Parameters share a group if this returns the same object for them. */
export type Grouping = (name: string, parameter: Parameter) => Group;

/** Updates all parameters by one rule. `weightDecay`, 0 by default, acts on those that `decays` names. */
export function uniform(rule: Rule, { weightDecay = 0 }: { weightDecay?: number } = {}): Grouping {
  const decaying: Group = { rule, weightDecay }, others: Group = { rule };
  return (name) => decays(name) ? decaying : others;
}

/** Every value of the setting `optim`: the groups and rules that a recipe's settings make of it. */
export const OPTIMIZERS: Readonly<Record<OptimizerName, (settings: OptimizerSettings) => Grouping>> = {
  adamw_torch: (s) => uniform(adamw({ beta1: s.adamBeta1, beta2: s.adamBeta2, eps: s.adamEpsilon }), s),
  sgd: (s) => uniform(sgd(SGD_ARGS.parse(s.optimArgs)), s),
  lion_32bit: (s) => uniform(lion({ beta1: s.adamBeta1, beta2: s.adamBeta2 }), s),
};

/** Whether weight decay acts on a parameter. Biases and norms are exempt, by HF Trainer's patterns; LoRA's A and B are not. */
export function decays(name: string): boolean {
  return !/bias|layernorm|rmsnorm|(^|\.)norm(\.|$)|_norm(\.|$)/i.test(name);
}
