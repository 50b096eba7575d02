import { Template as Jinja } from "@huggingface/jinja";

/** A message as chat templates know it. */
export interface JinjaMessage {
  readonly role: string;
  readonly content: string;
}

/** What a chat template may ask for besides the messages. */
export interface JinjaOptions {
  readonly addGenerationPrompt?: boolean;
  readonly bos?: string;
  readonly eos?: string;
}

/** Stands in for the interpreter's clock: the day that Llama 3's template falls back to. */
const FIXED_DAY = "{%- macro strftime_now(format) -%}26 Jul 2024{%- endmacro -%}";

/**
 * Renders a tokenizer's chat template as transformers' `apply_chat_template` does. The day is fixed, so that data does
 * not depend on when it is encoded; a template that raises throws.
 */
export function renderJinja(
  source: string,
  messages: JinjaMessage[],
  { addGenerationPrompt = false, bos = "", eos = "" }: JinjaOptions = {},
): string {
  return new Jinja(FIXED_DAY + source).render({
    messages,
    tools: null,
    documents: null,
    add_generation_prompt: addGenerationPrompt,
    bos_token: bos,
    eos_token: eos,
  });
}
