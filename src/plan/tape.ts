import type { Kind, Ledger } from "./ledger.ts";

/** The memory behind tensors, which ends with the last of those who hold it: scopes, a graph, gradients on their way. */
export interface Store {
  holders: number;
  counted: number;
  kind: Kind;
}

/** A tensor without numbers: how large it is, and how gradients reach it. */
export interface Shadow {
  store: Store;
  /** Elements, and bytes of one. */
  size: number;
  width: number;
  wantsGrad: boolean;
  /** What computed it, where a gradient goes on from it. Absent on a leaf. */
  maker?: Step;
  /** What a leaf has gathered. */
  grad?: Store;
}

/** One operator of a recorded graph. */
interface Step {
  order: number;
  inputs: readonly Shadow[];
  saved: Store[];
  backward: (gradient: Store) => readonly (Store | undefined)[];
}

/** What an operator leaves behind: its result, and when that is recorded, what it saves and how it goes backward. */
export interface Recording {
  inputs: readonly Shadow[];
  /** Held until the step's backward is done. */
  saved?: readonly Shadow[];
  /** Gradients of the inputs in their order, made with `flow`; nothing for those that want none. */
  backward: (gradient: Store) => readonly (Store | undefined)[];
}

/**
 * libtorch's autograd and ftx's scopes without numbers: what lives how long. Backward goes through the operators from the
 * last to the first, as libtorch's engine does; each frees what it saved once it is done, gradients that meet are added
 * into one another, and the first that reaches a leaf becomes its own.
 */
export class Tape {
  /** Off: operators leave nothing behind, as in `noGrad`. */
  recording = true;
  #order = 0;
  #scopes: Set<Shadow>[] = [];

  constructor(readonly ledger: Ledger) {}

  /** A tensor of `size` elements of `width` bytes, which ends with the scope around; without one it stays. */
  tensor(size: number, width: number, kind: Kind = "activations"): Shadow {
    const shadow: Shadow = { store: this.#hold(this.flow(size * width, kind)), size, width, wantsGrad: false };
    this.#scopes.at(-1)?.add(shadow);
    return shadow;
  }

  /** Memory that nobody holds yet. */
  flow(bytes: number, kind: Kind = "temporary"): Store {
    return { holders: 0, counted: this.ledger.take(bytes, kind), kind };
  }

  /** Ends memory that nobody came to hold. */
  drop(store: Store) {
    this.#drop(this.#hold(store));
  }

  /** Memory that is needed only for the time of `fn`. */
  during<T>(bytes: number, fn: () => T, kind: Kind = "temporary"): T {
    const store = this.#hold(this.flow(bytes, kind));
    const result = fn();
    this.#drop(store);
    return result;
  }

  /** Ends every tensor made in `fn` but its result, as src/tensor/scope.ts. */
  scope<T extends Shadow | undefined | void>(fn: () => T): T {
    const mine = new Set<Shadow>();
    this.#scopes.push(mine);
    const result = fn();
    this.#scopes.pop();
    for (const shadow of mine) {
      if (shadow !== result) this.#drop(shadow.store);
      else this.#scopes.at(-1)?.add(shadow);
    }
    return result;
  }

  /** Ends a tensor before its scope does. */
  end(shadow: Shadow) {
    for (const scope of this.#scopes) scope.delete(shadow);
    this.#drop(shadow.store);
  }

  /** The same memory under another name that has no past: a leaf. */
  detached(shadow: Shadow, wantsGrad: boolean): Shadow {
    const leaf: Shadow = { store: this.#hold(shadow.store), size: shadow.size, width: shadow.width, wantsGrad };
    this.#scopes.at(-1)?.add(leaf);
    return leaf;
  }

  /** A leaf's gradient as a tensor of the scope around. */
  gradientOf(leaf: Shadow): Shadow {
    const { size, width } = leaf;
    const shadow: Shadow = { store: this.#hold(leaf.grad!), size, width, wantsGrad: false };
    this.#scopes.at(-1)?.add(shadow);
    return shadow;
  }

  /** Takes a leaf's gradient away. */
  forget(leaf: Shadow) {
    if (leaf.grad) this.#drop(leaf.grad);
    leaf.grad = undefined;
  }

  /** Makes `result` the result of an operator. */
  record(result: Shadow, { inputs, saved = [], backward }: Recording): Shadow {
    result.wantsGrad = this.recording && inputs.some((input) => input.wantsGrad);
    if (!result.wantsGrad) return result;
    result.maker = { order: this.#order++, inputs, saved: saved.map(({ store }) => this.#hold(store)), backward };
    return result;
  }

  /** Goes backward from a tensor, with its gradient (a number of no size where none is given). */
  backward(from: Shadow, gradient?: Shadow) {
    if (!from.maker) return;
    const { steps, uses } = reachable(from.maker);
    const buffers = new Map<Step, Store>([[from.maker, this.#hold(gradient?.store ?? this.flow(0))]]);
    const sums = new Map<Shadow, Store>();
    for (const step of steps) {
      const arrived = buffers.get(step);
      if (!arrived) continue;
      buffers.delete(step);
      const gradients = step.backward(arrived).map((store) => store && this.#hold(store));
      this.#drop(arrived);
      for (const store of step.saved.splice(0)) this.#drop(store);
      for (const [i, gradient] of gradients.entries()) {
        const input = step.inputs[i];
        if (!gradient) continue;
        if (input.maker) buffers.set(input.maker, this.#sum(buffers.get(input.maker), gradient));
        else {
          sums.set(input, this.#sum(sums.get(input), gradient));
          uses.set(input, uses.get(input)! - 1);
          if (uses.get(input) === 0) this.#gather(input, sums.get(input)!);
        }
      }
    }
  }

  /** Two gradients for one place, both held: one is added into the other where nobody else sees it. */
  #sum(old: Store | undefined, more: Store): Store {
    if (!old) return more;
    const [into, gone] = old.holders === 1 || more.holders > 1 ? [old, more] : [more, old];
    if (into.holders > 1) {
      const sum = this.#hold(this.flow(Math.max(old.counted, more.counted)));
      this.#drop(old);
      this.#drop(more);
      return sum;
    }
    this.#drop(gone);
    return into;
  }

  #gather(leaf: Shadow, gradient: Store) {
    if (leaf.grad) return this.#drop(gradient); // added in place
    leaf.grad = gradient;
    this.ledger.turn(gradient.counted, gradient.kind, "gradients");
    gradient.kind = "gradients";
  }

  #hold(store: Store): Store {
    store.holders++;
    return store;
  }

  #drop(store: Store) {
    if (--store.holders === 0) this.ledger.give(store.counted, store.kind);
  }
}

/** The steps that a gradient reaches, the last first, and how often each leaf is used by them. */
function reachable(from: Step): { steps: Step[]; uses: Map<Shadow, number> } {
  const steps = new Set([from]), uses = new Map<Shadow, number>();
  for (const step of steps) {
    for (const input of step.inputs) {
      if (input.maker) steps.add(input.maker);
      else if (input.wantsGrad) uses.set(input, (uses.get(input) ?? 0) + 1);
    }
  }
  return { steps: [...steps].sort((a, b) => b.order - a.order), uses };
}
