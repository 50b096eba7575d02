// Families: how each differs from Llama. To add one, write a file of traits (or a class), and import it and give it a key here.
import type { Family } from "./config.ts";
import type { Traits } from "./decoder.ts";
import { llama } from "./llama.ts";
import { mistral } from "./mistral.ts";
import { qwen2 } from "./qwen2.ts";
import { qwen3 } from "./qwen3.ts";

export const FAMILIES: Readonly<Record<Family, Traits>> = { llama, mistral, qwen2, qwen3 };
