// Small models of every family as the peers see them, and what ftx computes with them.
import { cpSync } from "node:fs";
import { join } from "node:path";
import { setTraining } from "../../src/adapters/mod.ts";
import { build, type CausalLm, initialise, modelConfig } from "../../src/models/mod.ts";
import { layoutOf } from "../../src/nn/mod.ts";
import { from, manualSeed, noGrad, scope } from "../../src/tensor/mod.ts";
import { bytesOfTensor } from "../../src/weights/mod.ts";
import { writeSafetensors } from "../../src/safetensors/mod.ts";
import { ftx } from "../ftx.ts";
import { runProgram } from "./peer.ts";
import "../support/tensors.ts";

const SIZES = {
  vocab_size: 352, // the tokenizer's 350, and two that no token uses
  hidden_size: 32,
  intermediate_size: 48,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 256,
  initializer_range: 0.2, // wide, so that logits differ
  rms_norm_eps: 1e-6,
  hidden_act: "silu",
};

/** A configuration of each family, each with something that the others lack. */
export const FAMILIES: Record<string, Record<string, unknown>> = {
  llama: { ...SIZES, architectures: ["LlamaForCausalLM"], model_type: "llama", tie_word_embeddings: false },
  mistral: { ...SIZES, architectures: ["MistralForCausalLM"], model_type: "mistral", sliding_window: 6, head_dim: 8 },
  qwen2: { ...SIZES, architectures: ["Qwen2ForCausalLM"], model_type: "qwen2", tie_word_embeddings: true },
  qwen3: {
    ...SIZES,
    architectures: ["Qwen3ForCausalLM"],
    model_type: "qwen3",
    head_dim: 16,
    tie_word_embeddings: true,
  },
};

const EXAMPLES = [
  ["How do I list all images?", "docker images"],
  ["How do I stop the running container?", "docker stop web"],
  ["What is the capital of France?", "Paris"],
];

/** A temporary folder with a family's `model` and `data.jsonl`, in which commands run. */
export class Workplace implements Disposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "ftx-interop-" });

  static async make(family: string): Promise<Workplace> {
    const place = new Workplace(), model = place.path("model");
    cpSync(new URL("../fixtures/tokenizer", import.meta.url), model, { recursive: true });
    const config = FAMILIES[family];
    Deno.writeTextFileSync(join(model, "config.json"), JSON.stringify({ ...config, torch_dtype: "float32" }));
    manualSeed(7);
    using lm = build(modelConfig(config), { dtype: "f32", device: "cpu" });
    initialise(lm);
    const tensors = Array.from(lm.parameters(), ([name, p]) => [name, bytesOfTensor(p)] as const);
    await writeSafetensors(join(model, "model.safetensors"), tensors, { format: "pt" });
    const rows = EXAMPLES.map(([instruction, output]) => JSON.stringify({ instruction, output }) + "\n");
    Deno.writeTextFileSync(place.path("data.jsonl"), rows.join(""));
    return place;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Runs ftx here; throws what it said when it fails. */
  async ftx(line: string): Promise<void> {
    const { code, err } = await ftx(this.folder, line);
    if (code !== 0) throw new Error(err);
  }

  /** Runs a Python program of this folder on names in the place, and returns the JSON that it wrote to `out`. */
  async peer(python: string, program: string, names: string[], out: string): Promise<any> {
    Deno.writeTextFileSync(this.path("ids.json"), JSON.stringify(IDS));
    await runProgram(python, program, names.map((name) => this.path(name)));
    return JSON.parse(Deno.readTextFileSync(this.path(out)));
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

/** Rows of token ids on which logits are compared. */
export const IDS: number[][] = [
  Array.from({ length: 17 }, (_, i) => 3 + (i * 37) % 340),
  Array.from({ length: 9 }, (_, i) => 5 + (i * 53) % 340),
];

/** Logits [row][position][token]. */
export type Logits = number[][][];

/** What ftx computes for rows of ids, each by itself. */
export function logitsOf(model: CausalLm, rows: number[][] = IDS): Logits {
  setTraining(model, false);
  return scope(() =>
    noGrad(() =>
      rows.map((row) => {
        const layout = layoutOf(Int32Array.from(row.keys()), Int32Array.of(0, row.length), "cpu");
        const logits = model.call(from(Int32Array.from(row)), layout).toArray();
        const width = logits.length / row.length;
        return row.map((_, t) => [...logits.subarray(t * width, (t + 1) * width)]);
      })
    )
  );
}

/** |ours - theirs| / |theirs| over all numbers, in the 2-norm. */
export function distance(ours: Logits, theirs: Logits): number {
  const [a, b] = [ours.flat(2), theirs.flat(2)];
  if (a.length !== b.length) return NaN;
  const norm = (numbers: number[]) => Math.sqrt(numbers.reduce((sum, x) => sum + x * x, 0));
  return norm(a.map((x, i) => x - b[i])) / norm(b);
}
