import { arange, cat, type Device, from, keep, scope, type Tensor } from "../tensor/mod.ts";

// C channels of a head.

/**
 * How positions are stretched beyond what the model was pre-trained on. `null` in `ModelConfig.ropeScaling` is plain rope.
 * Keys, defaults and their precedence are those of transformers 5 (`modeling_rope_utils.py`).
 */
export type RopeScaling =
  | { type: "linear"; factor: number }
  | { type: "dynamic"; factor: number }
  | {
    type: "llama3";
    factor: number;
    lowFreqFactor: number;
    highFreqFactor: number;
    /** Tokens of the pre-training context. */
    originalMaxPositionEmbeddings: number;
  }
  | {
    type: "yarn";
    factor: number;
    /** Tokens of the pre-training context. */
    originalMaxPositionEmbeddings: number;
    /** Multiplies cos and sin; undefined: worked out from `factor`, `mscale` and `mscaleAllDim`. */
    attentionFactor?: number;
    /** Default 32. */
    betaFast: number;
    /** Default 1. */
    betaSlow: number;
    mscale?: number;
    mscaleAllDim?: number;
    /** Whether the correction range is rounded to whole dimensions. Default true. */
    truncate: boolean;
  };

export interface RopeConfig {
  headDim: number;
  ropeTheta: number;
  ropeScaling: RopeScaling | null;
  maxPositionEmbeddings: number;
}

/** The cosines and sines that turn heads: fp32 [positions, C/2] each. */
export interface Turns {
  cos: Tensor;
  sin: Tensor;
}

/**
 * Rotary position embedding (https://arxiv.org/abs/2104.09864) as transformers computes it: tables in fp32, made for as
 * many positions as were asked for and kept.
 */
export class Rope {
  #turns?: Turns;
  constructor(readonly config: RopeConfig, readonly device: Device = "cpu") {}

  /** Tables for positions 0 to `length` - 1 at least; they live in the scope around. */
  turns(length: number): Turns {
    const made = this.#turns?.cos.shape[0] ?? 0;
    const needed = this.#needed(length, made);
    if (needed !== made) this.#make(needed);
    const { cos, sin } = this.#turns!;
    return { cos: cos.detach(), sin: sin.detach() }; // handles of their own: longer tables may replace these meanwhile
  }

  #needed(length: number, made: number): number {
    const { ropeScaling, maxPositionEmbeddings } = this.config;
    // Dynamic NTK changes every angle with the length beyond the trained one. transformers remembers the longest length it
    // met; here the tables depend on this length alone, so that a resumed run computes what it would have.
    if (ropeScaling?.type === "dynamic") return Math.max(length, maxPositionEmbeddings);
    return length <= made ? made : Math.max(length, 2 * made, 256);
  }

  #make(positions: number) {
    const { rates, scale } = frequencies(this.config, positions);
    this[Symbol.dispose]();
    this.#turns = scope(() => {
      const angles = arange(0, positions, 1, { dtype: "f32" }).outer(from(rates)); // [positions, C/2]
      const table = (t: Tensor) => keep(t.mul(scale).toDevice(this.device, "f32", { copy: true }));
      return { cos: table(angles.cos()), sin: table(angles.sin()) };
    });
  }

  [Symbol.dispose]() {
    this.#turns?.cos[Symbol.dispose]();
    this.#turns?.sin[Symbol.dispose]();
    this.#turns = undefined;
  }
}

/**
 * Radians a position for each pair of channels [C/2], and what cos and sin are multiplied by, for a sequence of `length`:
 * transformers' `ROPE_INIT_FUNCTIONS`.
 */
export function frequencies(config: RopeConfig, length: number): { rates: Float32Array; scale: number } {
  const { headDim: C, ropeTheta: theta, ropeScaling: s, maxPositionEmbeddings: max } = config;
  const plain = (base: number) => Float32Array.from({ length: C / 2 }, (_, i) => 1 / Math.fround(base ** (2 * i / C)));
  const rates = plain(theta);
  switch (s?.type) {
    case undefined:
      return { rates, scale: 1 };
    case "linear":
      return { rates: rates.map((r) => r / s.factor), scale: 1 };
    case "dynamic": {
      const longest = Math.max(length, max);
      return { rates: plain(theta * ((s.factor * longest / max) - (s.factor - 1)) ** (C / (C - 2))), scale: 1 };
    }
    case "llama3":
      return { rates: rates.map((r) => llama3(r, s)), scale: 1 };
    case "yarn":
      return yarn(rates, theta, C, s);
  }
}

/** Llama 3.1: slow channels are slowed by `factor`, fast ones kept, those between blended. */
function llama3(rate: number, s: RopeScaling & { type: "llama3" }): number {
  const wavelength = 2 * Math.PI / rate, original = s.originalMaxPositionEmbeddings;
  if (wavelength < original / s.highFreqFactor) return rate;
  if (wavelength > original / s.lowFreqFactor) return rate / s.factor;
  const share = (original / wavelength - s.lowFreqFactor) / (s.highFreqFactor - s.lowFreqFactor);
  return (1 - share) * rate / s.factor + share * rate;
}

/** YaRN: https://arxiv.org/abs/2309.00071, section 3.2 for the ramp, 3.4 for the scale. */
function yarn(rates: Float32Array, theta: number, C: number, s: RopeScaling & { type: "yarn" }) {
  const channel = (rotations: number) =>
    C * Math.log(s.originalMaxPositionEmbeddings / (rotations * 2 * Math.PI)) / (2 * Math.log(theta));
  let low = channel(s.betaFast), high = channel(s.betaSlow);
  if (s.truncate) [low, high] = [Math.floor(low), Math.ceil(high)];
  low = Math.max(low, 0), high = Math.min(high, C - 1);
  if (low === high) high += 0.001; // no division by zero
  const slowed = rates.map((r, i) => {
    const ramp = Math.min(1, Math.max(0, (i - low) / (high - low)));
    return r / s.factor * ramp + r * (1 - ramp);
  });
  const mscale = (factor: number, m = 1) => factor <= 1 ? 1 : 0.1 * m * Math.log(factor) + 1;
  const scale = s.attentionFactor ??
    (s.mscale && s.mscaleAllDim ? mscale(s.factor, s.mscale) / mscale(s.factor, s.mscaleAllDim) : mscale(s.factor));
  return { rates: slowed, scale };
}

/** The rotation step by step, as HF's `apply_rotary_pos_emb`: x [N, H, C], turns for its N positions. */
export function plainRope(x: Tensor, turns: Turns, positions: Tensor): Tensor {
  const at = (t: Tensor) => t.indexSelect(0, positions).unsqueeze(1).to(x.dtype); // [N, 1, C/2]
  const cos = cat([at(turns.cos), at(turns.cos)], -1), sin = cat([at(turns.sin), at(turns.sin)], -1);
  const [a, b] = x.chunk(2, -1);
  return x.mul(cos).add(cat([b.neg(), a], -1).mul(sin));
}
