import { cat, empty, keep, type Tensor } from "../tensor/mod.ts";

// S cached tokens, T new ones, K key/value heads, C channels of a head.

/** Keys and values of the tokens that a model has read, for each layer. Its memory grows by doubling. */
export class KvCache {
  readonly #layers: { k: Tensor; v: Tensor; length: number }[] = [];

  /** Number of cached tokens. */
  get length(): number {
    return this.#layers[0]?.length ?? 0;
  }

  /** Appends k and v [T, K, C] of a layer; returns all keys and values of the layer, [S + T, K, C] each. */
  append(layer: number, k: Tensor, v: Tensor): [Tensor, Tensor] {
    const [T, ...rest] = k.shape, at = this.#layers[layer] ??= { k: none(k), v: none(v), length: 0 };
    const room = at.k.shape[0];
    if (at.length + T > room) {
      const more = Math.max(256, 2 * room, at.length + T) - room;
      const grow = (x: Tensor) => {
        const wider = keep(cat([x, empty([more, ...rest], { dtype: x.dtype, device: x.device })]));
        x[Symbol.dispose]();
        return wider;
      };
      at.k = grow(at.k);
      at.v = grow(at.v);
    }
    at.k.narrow(0, at.length, T).copy_(k);
    at.v.narrow(0, at.length, T).copy_(v);
    at.length += T;
    return [at.k.narrow(0, 0, at.length), at.v.narrow(0, 0, at.length)];
  }

  /** Drops all tokens after the first `length`, so that others can follow. */
  cut(length: number) {
    for (const at of this.#layers) at.length = Math.min(at.length, length);
  }

  [Symbol.dispose]() {
    for (const { k, v } of this.#layers.splice(0)) {
      k[Symbol.dispose]();
      v[Symbol.dispose]();
    }
  }
}

const none = (like: Tensor) => keep(empty([0, ...like.shape.slice(1)], { dtype: like.dtype, device: like.device }));
