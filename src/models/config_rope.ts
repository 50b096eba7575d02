import type { RopeScaling } from "../nn/rope.ts";
import type { Fields } from "./fields.ts";

export type { RopeScaling };

const TYPES = ["default", "linear", "dynamic", "llama3", "yarn"];

/**
 * Reads the settings of rope in both forms: `rope_theta` and `rope_scaling` (transformers 4), and `rope_parameters`
 * (transformers 5). If both are present `rope_scaling` wins, as in transformers.
 */
export function readRope(
  fields: Fields,
  maxPositionEmbeddings: number,
): { ropeTheta: number; ropeScaling: RopeScaling | null } {
  const parameters = fields.nested("rope_parameters");
  const scaling = fields.nested("rope_scaling");
  const rope = scaling && Object.keys(scaling.values).length ? scaling : parameters;
  const outerTheta = fields.number("rope_theta", 10_000, { above: 0 });
  if (fields.number("partial_rotary_factor", 1) !== 1) {
    throw fields.error("partial_rotary_factor", "turns only a part of each head, which these families do not have");
  }
  if (!rope) return { ropeTheta: outerTheta, ropeScaling: null };

  const ropeTheta = rope.number("rope_theta", outerTheta, { above: 0 });
  if (rope.number("partial_rotary_factor", 1) !== 1) {
    throw rope.error("partial_rotary_factor", "turns only a part of each head, which these families do not have");
  }
  for (const key of ["full_attention", "sliding_attention"]) {
    if (rope.has(key)) {
      throw rope.error(key, "gives a kind of layer a rope of its own, which these families do not have");
    }
  }
  const typeKey = rope.has("rope_type") ? "rope_type" : "type";
  const type = rope.text(typeKey, "default");
  if (!TYPES.includes(type)) throw rope.error(typeKey, `is not a rope that ftx knows (${TYPES.join(", ")})`);
  if (type === "default") return { ropeTheta, ropeScaling: null };
  return { ropeTheta, ropeScaling: scalingOf(type, rope, fields, maxPositionEmbeddings) };
}

function scalingOf(type: string, rope: Fields, outer: Fields, maxPositionEmbeddings: number): RopeScaling {
  const needed = (key: string, range = {}) => {
    if (!rope.has(key)) throw rope.error(key, `is missing, and rope_type "${type}" needs it`);
    return rope.number(key, 1, range);
  };
  // As in transformers: the outer key, else the inner one, else the model's own length.
  const original = () =>
    outer.int("original_max_position_embeddings", undefined) ??
      rope.int("original_max_position_embeddings", maxPositionEmbeddings);
  switch (type) {
    case "llama3": {
      const llama3 = {
        type,
        factor: needed("factor", { min: 1 }),
        lowFreqFactor: needed("low_freq_factor", { above: 0 }),
        highFreqFactor: needed("high_freq_factor", { above: 0 }),
        originalMaxPositionEmbeddings: original(),
      } as const;
      if (llama3.highFreqFactor <= llama3.lowFreqFactor) {
        throw rope.error("high_freq_factor", `must be above low_freq_factor = ${llama3.lowFreqFactor}`);
      }
      return llama3;
    }
    case "yarn": {
      const originalMaxPositionEmbeddings = original();
      const yarn = {
        type,
        // A null factor means the ratio of the two lengths.
        factor: rope.number("factor", maxPositionEmbeddings / originalMaxPositionEmbeddings, { min: 1 }),
        originalMaxPositionEmbeddings,
        attentionFactor: rope.number("attention_factor", undefined, { above: 0 }),
        betaFast: rope.number("beta_fast", 32, { min: 0 }) || 32,
        betaSlow: rope.number("beta_slow", 1, { min: 0 }) || 1,
        mscale: rope.number("mscale", undefined),
        mscaleAllDim: rope.number("mscale_all_dim", undefined),
        truncate: rope.bool("truncate", true),
      } as const;
      if (!Object.hasOwn(rope.values, "factor")) needed("factor");
      if (yarn.betaFast < yarn.betaSlow) {
        throw rope.error("beta_fast", `must not be below beta_slow = ${yarn.betaSlow}`);
      }
      return yarn;
    }
    default:
      return { type: type as "linear" | "dynamic", factor: needed("factor", { min: 1 }) };
  }
}
