// Copies of the nano model with numbers in them that no training survives.

import { readHeader } from "../../src/safetensors/mod.ts";
import { writeFolder } from "../../src/run/mod.ts";
import { NANO } from "./nano.ts";

const ID = 344; // of <|user|>, which the chatml template does not use

/** A copy of the nano model with a NaN in its final norm: no loss is finite. */
export async function poisonAll(folder: string): Promise<void> {
  await copyWith(folder, {}, (tensors) => tensors.get("model.norm.weight")!.data.fill(0xff));
}

/**
 * A copy of the nano model, embedding and head apart, in which only the embedding of `<|user|>` is NaN: no loss is finite
 * where that token is read.
 */
export async function poisonOneToken(folder: string): Promise<void> {
  await copyWith(folder, { tie_word_embeddings: false }, (tensors) => {
    const embedding = tensors.get("model.embed_tokens.weight")!;
    tensors.set("lm_head.weight", { ...embedding, data: embedding.data.slice() });
    const row = embedding.data.length / embedding.shape[0];
    embedding.data.fill(0xff, ID * row, (ID + 1) * row);
  });
}

type Tensors = Map<string, { dtype: "F32"; shape: number[]; data: Uint8Array }>;

async function copyWith(folder: string, config: Record<string, unknown>, change: (tensors: Tensors) => void) {
  const path = `${NANO}/model.safetensors`;
  const file = Deno.readFileSync(path);
  const tensors: Tensors = new Map();
  for (const [name, { shape, start, end }] of (await readHeader(path)).tensors) {
    tensors.set(name, { dtype: "F32", shape: [...shape], data: file.slice(start, end) });
  }
  change(tensors);
  await writeFolder(folder, async (writer) => {
    await writer.safetensors("model.safetensors", tensors);
    await writer.json("config.json", { ...JSON.parse(Deno.readTextFileSync(`${NANO}/config.json`)), ...config });
    for (const name of ["tokenizer.json", "tokenizer_config.json"]) await writer.copy(name, `${NANO}/${name}`);
  });
}
