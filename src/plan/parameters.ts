import type { ModelConfig } from "../models/config.ts";
import { FAMILIES } from "../models/families.ts";

/** A parameter's name in checkpoints and its shape. */
export type Sized = readonly [name: string, shape: readonly number[]];

/** Every parameter of the model that a config describes, in the order of src/models/decoder.ts. No tensor is made. */
export function parametersOf(config: ModelConfig): Sized[] {
  const { vocabSize: V, hiddenSize: D, intermediateSize: F, headDim: C } = config;
  const queries = config.numAttentionHeads * C, keys = config.numKeyValueHeads * C;
  const { outputBias, qkNorm } = FAMILIES[config.modelType];
  const linear = (name: string, I: number, O: number, bias: boolean): Sized[] => [
    [`${name}.weight`, [O, I]],
    ...bias ? [[`${name}.bias`, [O]] as const] : [],
  ];
  const block: Sized[] = [
    ...linear("self_attn.q_proj", D, queries, config.attentionBias),
    ...linear("self_attn.k_proj", D, keys, config.attentionBias),
    ...linear("self_attn.v_proj", D, keys, config.attentionBias),
    ...linear("self_attn.o_proj", queries, D, outputBias(config)),
    ...qkNorm ? [["self_attn.q_norm.weight", [C]] as const, ["self_attn.k_norm.weight", [C]] as const] : [],
    ...linear("mlp.gate_proj", D, F, config.mlpBias),
    ...linear("mlp.up_proj", D, F, config.mlpBias),
    ...linear("mlp.down_proj", F, D, config.mlpBias),
    ["input_layernorm.weight", [D]],
    ["post_attention_layernorm.weight", [D]],
  ];
  const blocks = Array.from(
    { length: config.numHiddenLayers },
    (_, i) => block.map(([name, shape]): Sized => [`model.layers.${i}.${name}`, shape]),
  );
  return [
    ["model.embed_tokens.weight", [V, D]],
    ...blocks.flat(),
    ["model.norm.weight", [D]],
    ...config.tieWordEmbeddings ? [] : [["lm_head.weight", [V, D]] as const],
  ];
}

/** Elements of a shape. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((n, side) => n * side, 1);
