import { CheckpointError } from "../errors.ts";
import type { ModelConfig } from "../models/mod.ts";
import { exists, readJsonObject } from "../safetensors/mod.ts";

/** What decides where answers of a model end. */
export interface Ends {
  /** Its EOS and pad tokens are to be those of the configurations. */
  tokenizer: { readonly eos?: { readonly id: number }; readonly pad?: { readonly id: number } };
  /** Ids at which answers end besides EOS: the template's. Default none. */
  stops?: readonly number[];
  /** Where the model was trained, the last training first: `trainedFolders`. */
  folders: readonly string[];
  config: Pick<ModelConfig, "vocabSize" | "raw">;
}

/**
 * The ids at which transformers ends an answer of these folders' models: each `eos_token_id` of generation_config.json and
 * config.json.
 *
 * @throws {CheckpointError} An `eos_token_id` is not a number or a list of them.
 */
export async function configuredEnds(folders: readonly string[]): Promise<number[]> {
  const ids = new Set<number>();
  for (const folder of folders) {
    for (const path of [`${folder}/generation_config.json`, `${folder}/config.json`]) {
      if (await exists(path)) endsIn(await readJsonObject(path), path).forEach((id) => ids.add(id));
    }
  }
  return [...ids];
}

/**
 * Configuration files that agree with the tokenizer about the end of a text. As transformers' Trainer: `eos_token_id` of
 * config.json is the tokenizer's EOS; that of generation_config.json has also the template's stop words and the ends that
 * the model had before. A pad token is written where there is none. Ids beyond the embedding are left out.
 *
 * @param texts files by name. generation_config.json is added, made from that of the last training.
 */
export async function withEnds(texts: Record<string, string>, ending: Ends): Promise<Record<string, string>> {
  const { tokenizer, stops = [], folders, config: { vocabSize, raw } } = ending;
  const known = (id?: number): id is number => id !== undefined && id < vocabSize;
  const eos = tokenizer.eos?.id, pad = tokenizer.pad?.id;
  const all = [...new Set([eos, ...stops, ...await configuredEnds(folders)].filter(known))];
  const padded = (file: Record<string, unknown>) =>
    known(pad) && (file.pad_token_id ?? undefined) === undefined ? { ...file, pad_token_id: pad } : file;

  const generation = await lastGeneration(folders) ?? { bos_token_id: raw.bos_token_id ?? undefined };
  const ends = all.length > 0 && { eos_token_id: all.length === 1 ? all[0] : all };
  const written = { ...texts, "generation_config.json": textOf(padded({ ...generation, ...ends })) };
  if (texts["config.json"] === undefined) return written;
  const config = JSON.parse(texts["config.json"]);
  const replaced = known(eos) && !endsIn(config, "config.json").includes(eos);
  return { ...written, "config.json": textOf(padded({ ...config, ...(replaced && { eos_token_id: eos }) })) };
}

async function lastGeneration(folders: readonly string[]): Promise<Record<string, unknown> | undefined> {
  for (const folder of folders) {
    const path = `${folder}/generation_config.json`;
    if (await exists(path)) return await readJsonObject(path);
  }
}

function endsIn(file: Record<string, unknown>, path: string): number[] {
  const ids = [file.eos_token_id ?? []].flat();
  if (ids.every((id): id is number => Number.isInteger(id))) return ids;
  throw new CheckpointError(
    `Cannot use "${path}": eos_token_id is ${JSON.stringify(file.eos_token_id)}, not a token's id or a list of ids; ` +
      "correct it, or remove it",
  );
}

const textOf = (file: Record<string, unknown>) => JSON.stringify(file, null, 2) + "\n";
