import type { TokenizerFiles } from "./files.ts";

/**
 * The text of a role such as `eos_token`: tokenizer_config.json first, then special_tokens_map.json; each may hold a
 * text or an object with `content`.
 */
export function specialText({ config, specials }: TokenizerFiles, role: string): string | undefined {
  for (const source of [config, specials]) {
    const value = source[role] as string | { content?: unknown } | null | undefined;
    if (typeof value === "string") return value;
    if (typeof value?.content === "string") return value.content;
  }
  return undefined;
}
