import { Template as Jinja } from "@huggingface/jinja";
import { type Template, toJinja } from "../../../templates/mod.ts";
import type { Tokenizer } from "../../tokenizer/mod.ts";

/** A message as chat templates know it. */
export interface JinjaMessage {
  readonly role: string;
  readonly content: string;
}

/** What a chat template may read, apart from the messages. */
export interface JinjaOptions {
  readonly addGenerationPrompt?: boolean;
  readonly tools?: readonly unknown[];
  readonly bos?: string;
  readonly eos?: string;
}

/** Replaces the interpreter's clock with the day that Llama 3's template falls back to. */
const FIXED_DAY = "{%- macro strftime_now(format) -%}26 Jul 2024{%- endmacro -%}";

/**
 * Renders a tokenizer's chat template as transformers' `apply_chat_template` does. The date is fixed, so that encoded data
 * does not depend on the day. Throws where the template raises an error.
 */
export function renderJinja(
  source: string,
  messages: JinjaMessage[],
  { addGenerationPrompt = false, tools, bos = "", eos = "" }: JinjaOptions = {},
): string {
  return new Jinja(FIXED_DAY + source).render({
    messages,
    tools: tools ?? null,
    documents: null,
    add_generation_prompt: addGenerationPrompt,
    bos_token: bos,
    eos_token: eos,
  });
}

/**
 * The Jinja chat template of a tokenizer whose model learned with a template: see `toJinja`.
 *
 * @param lastOnly whether only last answers were learned (`mask_history`)
 */
export function chatTemplateOf(template: Template, { bos, eos }: Tokenizer, lastOnly = false): string {
  return toJinja(template, { bos: bos?.text, eos: eos?.text, lastOnly });
}
