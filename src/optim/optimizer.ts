import type { Parameter } from "../nn/mod.ts";
import { cat, gradNorm, keep, noGrad, scope, type Tensor } from "../tensor/mod.ts";
import type { Group, Grouping } from "./optimizers.ts";
import type { OnDevice, Rates, RawItem, Rule, RuleState } from "./rule.ts";

/** A parameter with its name in checkpoints. */
export type Named = readonly [name: string, parameter: Parameter];

export interface OptimizerOptions {
  /** Update bf16 parameters in bf16, without fp32 masters: half the memory, less precise. Default false. */
  pureBf16?: boolean;
  /** fp32 values of narrower parameters, by name, where more digits are known than the parameter holds. The optimizer owns them. */
  masters?: ReadonlyMap<string, Tensor>;
}

/** The counters of an optimizer, as JSON. */
export interface OptimizerFacts {
  /** Updates made so far. */
  steps: number;
}

interface Slot {
  readonly name: string;
  readonly parameter: Parameter;
  readonly weight: Tensor; // the fp32 master, or the parameter itself
  readonly group: Group;
  readonly state: RuleState;
  gathered?: Tensor; // fp32 sum of the gradients of several batches; only where there is a master
}

/**
 * Updates parameters from their gradients. The optimizer owns what every update rule needs: fp32 masters of narrower
 * parameters, sums of gradients over several batches, their norm, the groups, and the number of updates. How one parameter is
 * updated is the `Rule` of its group.
 *
 * @example
 * ```ts
 * using optimizer = new Optimizer(model.parameters(), uniform(adamw()));
 * loss.backward();
 * optimizer.step(1e-4);
 * ```
 */
export class Optimizer implements Disposable {
  #steps = 0;
  readonly #slots: readonly Slot[];
  readonly #groups: readonly Group[];

  constructor(parameters: Iterable<Named>, groupOf: Grouping, { pureBf16 = false, masters }: OptimizerOptions = {}) {
    this.#slots = scope(() =>
      Array.from(parameters, ([name, parameter]): Slot => {
        const own = pureBf16 || parameter.dtype === "f32";
        const weight = own ? parameter : masters?.get(name) ?? keep(noGrad(() => parameter.detach().to("f32")));
        const group = groupOf(name, parameter), state = noGrad(() => group.rule.state(weight, name));
        Object.values(state).forEach(keep);
        return { name, parameter, weight, group, state };
      })
    );
    this.#groups = [...new Set(this.#slots.map(({ group }) => group))];
  }

  /** Updates made so far. */
  get steps(): number {
    return this.#steps;
  }

  /**
   * Moves the gradients of one batch into fp32 sums, so that those of the next are added to them in fp32. Call it between
   * two batches of a step; not needed after the last.
   */
  gather() {
    noGrad(() =>
      scope(() => {
        for (const slot of this.#slots) if (slot.weight !== slot.parameter) gatherOne(slot); // fp32 gradients sum in place
      })
    );
  }

  /** The 2-norm of all gradients together, before they are scaled: 0-dimensional, where the gradients are, in the caller's scope. */
  norm(): Tensor {
    return noGrad(() => scope(() => gradNorm(this.#due().map(({ gradient }) => gradient))));
  }

  /**
   * Makes one update, then drops the gradients. `scale` is either a number that multiplies the gradients first, or two
   * numbers that only the device knows; when it turns out that these skipped the update, call `takeBack`.
   *
   * @param learningRate multiplied by the `rate` of each group
   */
  step(learningRate: number, scale: number | OnDevice = 1) {
    this.#steps++;
    noGrad(() =>
      scope(() => {
        const due = this.#due(), device = typeof scale === "number" ? undefined : scale;
        const waits = device && this.#groups.some(({ rule }) => !rule.onDevice);
        const known = typeof scale === "number" ? scale : waits ? read(scale) : undefined;
        for (const group of this.#groups) {
          const { rule, rate = 1, weightDecay = 0 } = group, items = due.filter((item) => item.group === group);
          if (items.length === 0) continue;
          const rates = { learningRate: learningRate * rate, weightDecay, step: this.#steps };
          if (device && rule.onDevice) rule.onDevice(items, rates, device);
          else if (known !== undefined) update(rule, items, rates, known);
        }
      })
    );
    this.zeroGrad();
  }

  /** Undoes the count of the last `step`, which the device skipped. */
  takeBack() {
    this.#steps--;
  }

  /** Drops all gradients. */
  zeroGrad() {
    for (const slot of this.#slots) {
      slot.parameter.grad = null;
      slot.gathered?.[Symbol.dispose]();
      slot.gathered = undefined;
    }
  }

  /** The counters that a resumed run needs. */
  facts(): OptimizerFacts {
    return { steps: this.#steps };
  }

  /** Restores saved counters. Call it before listing and filling the tensors of `state`. */
  load({ steps }: OptimizerFacts) {
    this.#steps = steps;
  }

  /** The tensors that a resumed run needs, by their names in checkpoints: each rule's state, and the fp32 masters. */
  *state(): Generator<[string, Tensor]> {
    for (const { name, parameter, weight, state } of this.#slots) {
      for (const [key, tensor] of Object.entries(state)) yield [`${key}.${name}`, tensor];
      if (weight !== parameter) yield [`master.${name}`, weight];
    }
  }

  /** The parameters that have a gradient, in the order given. */
  #due(): (RawItem & Slot)[] {
    return this.#slots.flatMap((slot) => {
      if (slot.gathered) gatherOne(slot);
      const gradient = slot.gathered ?? slot.parameter.grad;
      return gradient ? [{ ...slot, gradient }] : [];
    });
  }

  [Symbol.dispose]() {
    this.zeroGrad();
    for (const [, tensor] of this.state()) tensor[Symbol.dispose]();
  }
}

function gatherOne(slot: Slot) {
  const { parameter: { grad } } = slot;
  if (grad === null) return;
  if (slot.gathered) slot.gathered.add_(grad);
  else slot.gathered = keep(grad.to("f32"));
  slot.parameter.grad = null;
}

/** Waits for the device; returns the number that multiplies the gradients, or undefined if the update is skipped. */
function read({ divisor, skip }: OnDevice): number | undefined {
  const [by, skipped] = cat([divisor, skip]).toNumbers();
  return skipped ? undefined : 1 / by;
}

/** Updates the parameters of one group, all at once if the rule can. */
function update(rule: Rule, items: readonly RawItem[], rates: Rates, scale: number) {
  if (rule.fused) return rule.fused(items, rates, scale);
  for (const item of items) {
    const { parameter, weight, gradient } = item;
    scope(() => {
      rule.update({ ...item, gradient: gradient.to(weight.dtype).mul_(scale) }, rates);
      if (weight !== parameter) parameter.copy_(weight);
    });
  }
}
