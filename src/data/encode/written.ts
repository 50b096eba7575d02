import { createHash } from "node:crypto";
import { CONTENT, type Template, TEMPLATES } from "../../../templates/mod.ts";
import type { Tokenizer } from "../../tokenizer/mod.ts";
import { chatTemplateOf } from "./jinja.ts";

/**
 * Gives a tokenizer the chat template, and the EOS, that its model learns with a template: what is saved then says where an
 * answer ends. Call it after the data is encoded.
 *
 * @param lastOnly whether only last answers are learned (`mask_history`)
 */
export function teach(template: Template, tokenizer: Tokenizer, lastOnly = false): void {
  tokenizer.eos = ownEnd(template, tokenizer) ?? tokenizer.eos;
  tokenizer.chatTemplate = writeChatTemplate(template, tokenizer, lastOnly);
}

/** The token at which a derived template ends answers, if that is not EOS and the Jinja writes no EOS by its role. */
function ownEnd({ jinja, assistant, stopWords }: Template, tokenizer: Tokenizer) {
  if (jinja === undefined || jinja.includes("eos_token")) return undefined;
  const at = assistant.findIndex((slot) => typeof slot === "string" && slot.includes(CONTENT));
  const [opening, ...end] = assistant.slice(at);
  if (end.length > 0) return undefined; // EOS itself
  const text = (opening as string).split(CONTENT)[1];
  const [first] = stopWords.filter((word) => text.includes(word)).sort((a, b) => text.indexOf(a) - text.indexOf(b));
  return tokenizer.special(first);
}

/** The settings of which a template was made. */
export interface Written {
  readonly template: string;
  readonly toolFormat?: string;
  readonly defaultSystem?: string;
  readonly enableThinking?: boolean | null;
  readonly preserveThinking?: boolean;
  /** Only last answers were learned. */
  readonly lastOnly?: boolean;
}

/** Settings that change a named template. */
export const OVERRIDES = ["toolFormat", "defaultSystem", "enableThinking", "preserveThinking"] as const;

/**
 * The Jinja chat template of a tokenizer whose model learned with a template, as `chatTemplateOf`. In front is a comment with
 * the settings that the template was made of, because Jinja cannot say everything that a template knows; `readWritten` finds
 * them. Where the template is the tokenizer's own, its chat template stays as it is.
 */
export function writeChatTemplate(template: Template, tokenizer: Tokenizer, lastOnly = false): string {
  const text = chatTemplateOf(template, tokenizer, lastOnly);
  if (template.jinja !== undefined || !Object.hasOwn(TEMPLATES, template.name)) return text;
  const plain = TEMPLATES[template.name];
  const changed = OVERRIDES.filter((name) => template[name] !== plain[name]).map((name) => [name, template[name]]);
  const settings: Written = { template: template.name, ...Object.fromEntries(changed), ...(lastOnly && { lastOnly }) };
  const json = JSON.stringify({ ...settings, of: hash(text) }).replaceAll("#", "\\u0023"); // "#}" would end the comment
  return `{# ftx: ${json} #}${text}`;
}

/**
 * The settings of the template that `writeChatTemplate` wrote; undefined for any other chat template, and for one whose text
 * was changed since.
 */
export function readWritten(chatTemplate: string): Written | undefined {
  const [, json, text] = /^\{# ftx: (\{.*?\}) #\}([^]*)$/.exec(chatTemplate) ?? [];
  if (json === undefined) return undefined;
  try {
    const { of, ...settings } = JSON.parse(json);
    return of === hash(text) && Object.hasOwn(TEMPLATES, settings.template) ? settings : undefined;
  } catch {
    return undefined; // not ours
  }
}

const hash = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 16);
