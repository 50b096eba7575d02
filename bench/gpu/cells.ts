// What is measured: shapes of models, and what is done with each.

/** The part of a model's config.json that random weights need. */
export type Shape = Readonly<Record<string, unknown>> & {
  hidden_size: number;
  intermediate_size: number;
  num_hidden_layers: number;
  num_attention_heads: number;
  num_key_value_heads: number;
  vocab_size: number;
  tie_word_embeddings: boolean;
};

const LLAMA = {
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  hidden_act: "silu",
  rms_norm_eps: 1e-5,
  rope_theta: 500000,
  initializer_range: 0.02,
  max_position_embeddings: 8192,
  bos_token_id: null,
  eos_token_id: null,
};

export const SHAPES: Readonly<Record<string, Shape>> = {
  "llama-3.2-1b": {
    ...LLAMA,
    hidden_size: 2048,
    intermediate_size: 8192,
    num_hidden_layers: 16,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    vocab_size: 128256,
    tie_word_embeddings: true,
  },
  "llama-3-8b": {
    ...LLAMA,
    hidden_size: 4096,
    intermediate_size: 14336,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    vocab_size: 128256,
    tie_word_embeddings: false,
  },
  // for machines without a GPU: shows that the bench works, says nothing about speed
  tiny: {
    ...LLAMA,
    hidden_size: 64,
    intermediate_size: 128,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    vocab_size: 512,
    tie_word_embeddings: true,
  },
};

/** One measurement. LoRA is of rank 16 on every linear layer; full is pure bf16 on both sides. */
export interface Cell {
  model: string;
  method: "lora" | "full";
  /** Tokens of a row; its documents fill it. */
  sequence: number;
  /** Rows of a step. */
  rows: number;
  /** Blocks are recomputed, on both sides: without it the cell does not fit into 80 GB. */
  checkpointing: boolean;
}

const cell = (model: string, method: Cell["method"], sequence: number, rows: number, checkpointing = false): Cell => ({
  ...{ model, method, sequence, rows, checkpointing },
});

export const CELLS: Readonly<Record<string, Cell>> = {
  "1b-lora-2048": cell("llama-3.2-1b", "lora", 2048, 8),
  "1b-lora-4096": cell("llama-3.2-1b", "lora", 4096, 4),
  "1b-full-2048": cell("llama-3.2-1b", "full", 2048, 8),
  "1b-full-4096": cell("llama-3.2-1b", "full", 4096, 4),
  "8b-lora-2048": cell("llama-3-8b", "lora", 2048, 4),
  "8b-lora-4096": cell("llama-3-8b", "lora", 4096, 2),
  "8b-full-2048": cell("llama-3-8b", "full", 2048, 1, true),
  "8b-full-4096": cell("llama-3-8b", "full", 4096, 1, true),
  "tiny-lora": cell("tiny", "lora", 128, 2),
  "tiny-full": cell("tiny", "full", 128, 2, true),
};

/**
 * Lengths of the documents in each row, as instruction data has them: log-normal, 512 tokens on average, the last one cut so
 * that rows are full. Token `i` of row `r` is (7919 i + 104729 r) mod V on both sides, so no data needs to be carried.
 */
export function lengthsOf({ sequence, rows }: Cell, seed = 1): number[][] {
  let state = seed;
  const uniform = () => ((state = state * 48271 % 2147483647) - 0.5) / 2147483647;
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  return Array.from({ length: rows }, () => {
    const lengths: number[] = [];
    for (let left = sequence; left > 0; left -= lengths.at(-1)!) {
      const drawn = Math.round(Math.min(512, sequence / 4) * Math.exp(0.8 * normal() - 0.32));
      lengths.push(left < 16 ? left : Math.min(left, Math.max(8, drawn)));
    }
    return lengths;
  });
}

/**
 * Floating-point operations of the model for a token, two for a product: forward, backward to what came in, and, where
 * weights train, backward to them. Recomputed blocks do not count; causal attention counts half of each document's square.
 */
export function modelFlops({ method }: Cell, shape: Shape, lengths: readonly number[], rank = 16): number {
  const { hidden_size: d, intermediate_size: ff, num_hidden_layers: L, vocab_size: V } = shape;
  const dk = d / shape.num_attention_heads * shape.num_key_value_heads;
  const linear = L * (2 * d * d + 2 * d * dk + 3 * d * ff) + d * V;
  const branches = L * rank * (2 * (d + d) + 2 * (d + dk) + 3 * (d + ff));
  const seen = lengths.reduce((sum, T) => sum + T * T, 0) / lengths.reduce((sum, T) => sum + T, 0);
  const attention = 2 * L * seen * d;
  return (method === "full" ? 6 * linear : 4 * linear + 6 * branches) + 3 * attention;
}
