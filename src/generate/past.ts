import { type CausalLm, KvCache } from "../models/mod.ts";
import { from, scope, type Tensor } from "../tensor/mod.ts";

/** The part of a text that a model has read: its ids, with their keys and values. The caller disposes it. */
export class Past implements Disposable {
  readonly #cache = new KvCache();
  #ids: number[] = [];

  /** Number of ids that were read. */
  get length(): number {
    return this.#ids.length;
  }

  /**
   * Forgets everything after the common beginning with `prompt`, and returns the ids still to be read: at least one,
   * because the logits of the last token are needed.
   */
  goBackTo(prompt: readonly number[]): number[] {
    let common = 0;
    while (common < prompt.length - 1 && prompt[common] === this.#ids[common]) common++;
    this.#ids.length = Math.min(common, this.#ids.length);
    return prompt.slice(this.#ids.length);
  }

  /** Reads more ids. Returns the last one's logits [V], which belong to the surrounding scope. */
  read(model: CausalLm, ids: readonly number[]): Tensor {
    const start = this.#ids.length, { device } = model.placement;
    this.#cache.cut(start); // removes what a failed pass left in some layers
    const logits = scope(() =>
      model.next(
        from(Int32Array.from(ids), [ids.length], device),
        from(Int32Array.from(ids, (_, i) => start + i), [ids.length], device),
        this.#cache,
      )
    );
    for (const id of ids) this.#ids.push(id);
    return logits;
  }

  [Symbol.dispose]() {
    this.#cache[Symbol.dispose]();
    this.#ids = [];
  }
}
