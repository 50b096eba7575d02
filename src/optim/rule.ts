import type { Parameter } from "../nn/mod.ts";
import type { Tensor } from "../tensor/mod.ts";

/**
 * What a rule remembers of one parameter: any number of tensors of any shape and dtype. The key is the tensor's name in
 * checkpoints: `exp_avg` of the parameter `w` is saved as `exp_avg.w`.
 */
export type RuleState = Readonly<Record<string, Tensor>>;

/** One parameter in one step. */
export interface Item<S extends RuleState = RuleState> {
  /** The parameter's name in checkpoints. */
  readonly name: string;
  /** The values to change: the fp32 master of a narrower parameter, otherwise the parameter itself. */
  readonly weight: Tensor;
  readonly gradient: Tensor;
  readonly state: S;
}

/** An item whose gradient is still as the backward pass left it: not scaled, and possibly narrower than the weight. */
export interface RawItem<S extends RuleState = RuleState> extends Item<S> {
  /** What the model computes with. Where it is not `weight`, it must end up as `weight` rounded to its dtype. */
  readonly parameter: Parameter;
}

/** The numbers of one step, the same for all parameters of a group. */
export interface Rates {
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Updates so far, this one included: 1 in the first. */
  readonly step: number;
}

/** Numbers that only the device knows yet, each fp32 [1]: gradients are divided by `divisor`; nothing changes if `skip` is 1. */
export interface OnDevice {
  readonly divisor: Tensor;
  readonly skip: Tensor;
}

/**
 * How one parameter is updated. A rule works on whatever weight and state it is given, so one rule can run another on a
 * smaller weight or on unpacked state: GaLore, 8-bit moments.
 */
export interface Rule<S extends RuleState = RuleState> {
  /**
   * Makes the state of one parameter, before the first step. Its tensors are only ever changed in place. Must not read
   * numbers, so that it also runs on the meta device.
   */
  state(weight: Tensor, name: string): S;

  /**
   * Changes weight and state in place. The gradient is that of the mean loss, clipped, in the weight's dtype; the rule may
   * overwrite it. Runs without autograd, in a scope of its own.
   */
  update(item: Item<S>, rates: Rates): void;

  /** `update` of many parameters in one call, and much faster. Gradients still have to be multiplied by `scale`. */
  fused?(items: readonly RawItem<S>[], rates: Rates, scale: number): void;

  /** `fused` that does not wait for the device. Without it, the optimizer waits for the two numbers and updates as on a CPU. */
  onDevice?(items: readonly RawItem<S>[], rates: Rates, numbers: OnDevice): void;
}
