/**
 * One part of a turn. A text is tokenised by itself, with `{{content}}` replaced first, so no merge ever crosses from
 * one slot into the next; `BOS` and `EOS` become the tokenizer's ids, and nothing where it has none.
 */
export type Slot = string | { readonly special: "bos" | "eos" } | { readonly token: string };

/** The tokenizer's beginning-of-text token. */
export const BOS = { special: "bos" } as const;
/** The tokenizer's end-of-text token. */
export const EOS = { special: "eos" } as const;
/** Where the message goes. */
export const CONTENT = "{{content}}";

/** How a conversation is written for a model. A value: everything that reads one is elsewhere. */
export interface Template {
  /** The name users give. */
  readonly name: string;
  /** Once, at the very start. */
  readonly prefix: readonly Slot[];
  /** Around the system prompt; tool descriptions stand at its end. Left out where there is neither. */
  readonly system: readonly Slot[];
  /** Around a question, including the header that opens the answer. */
  readonly user: readonly Slot[];
  /** Around an answer, including the mark that ends it. */
  readonly assistant: readonly Slot[];
  /** Around a tool's result, including the header that opens the answer. */
  readonly observation: readonly Slot[];
  /** Around an answer that calls tools. */
  readonly function: readonly Slot[];
  /** How tools and calls are written: a key of `TOOL_FORMATS`. */
  readonly toolFormat: string;
  /** The system prompt of conversations that bring none. */
  readonly defaultSystem: string;
  /** Tokens at which generation stops, besides EOS. */
  readonly stopWords: readonly string[];
  /** Tokens that the tokenizer must have for the template to mean anything. */
  readonly tokens: readonly string[];
  /** What opens and closes reasoning. */
  readonly thoughtWords: readonly [string, string];
  /** What may already wrap a call in the data. */
  readonly toolCallWords: readonly [string, string];
  /** The next turn's header, or EOS at the very end, is what ends an answer: EOS is learned but not written between turns. */
  readonly efficientEos: boolean;
  /** The first stop word is the tokenizer's EOS from now on. */
  readonly replaceEos: boolean;
  /** The system prompt stands inside the first question, as in Llama 2. */
  readonly systemInUser: boolean;
  /** The system block is written even when it is empty. */
  readonly alwaysSystem: boolean;
  /** Answers carry reasoning; `enableThinking` and `preserveThinking` say what becomes of it. */
  readonly reasoning: boolean;
  /** true: an answer without reasoning gets an empty thought and learns it. false: reasoning is removed and the empty
   * thought is part of the question. null: only answers without reasoning get it, as part of the question. */
  readonly enableThinking: boolean | null;
  /** Keep the reasoning of earlier answers where a format would drop it. */
  readonly preserveThinking: boolean;
}

/** A template from what sets it apart; the rest is as plain as can be. */
export function template(given: Partial<Template> & Pick<Template, "name" | "user">): Template {
  const assistant = given.assistant ?? (given.efficientEos ? [CONTENT] : [CONTENT, EOS]);
  return {
    prefix: [],
    system: [CONTENT],
    assistant,
    observation: given.user,
    function: assistant,
    toolFormat: "default",
    defaultSystem: "",
    stopWords: [],
    tokens: [],
    thoughtWords: ["<think>\n", "\n</think>\n\n"],
    toolCallWords: ["<tool_call>", "</tool_call>"],
    efficientEos: false,
    replaceEos: false,
    systemInUser: false,
    alwaysSystem: false,
    reasoning: false,
    enableThinking: true,
    preserveThinking: false,
    ...given,
  };
}
