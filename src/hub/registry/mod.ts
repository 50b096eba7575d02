/** Short names of models. Adding one is a line in its family's file. */
import type { Family, KnownModel } from "./entry.ts";
import { llama, llamaShaped } from "./llama.ts";
import { mistral } from "./mistral.ts";
import { qwen2, qwen3 } from "./qwen.ts";

export type { KnownModel } from "./entry.ts";

/** Every model with a short name, by that name. */
export const MODELS: Family = { ...llama, ...llamaShaped, ...mistral, ...qwen2, ...qwen3 };

const BY_HUB: ReadonlyMap<string, KnownModel> = new Map(
  Object.values(MODELS).map((model) => [model.hub.toLowerCase(), model]),
);

/** The model of a short name, in small letters or LLaMA-Factory's. */
export function modelNamed(alias: string): KnownModel | undefined {
  const name = alias.toLowerCase();
  return Object.hasOwn(MODELS, name) ? MODELS[name] : undefined;
}

/** The template of a repository, if it is one of those with a short name. */
export function templateOf(hubId: string): string | undefined {
  return BY_HUB.get(hubId.toLowerCase())?.template;
}
