/**
 * One part of a turn. A text is tokenised by itself, after `{{content}}` is replaced, so no merge crosses from one slot into
 * the next. `BOS` and `EOS` become the tokenizer's ids, or nothing if it has none.
 */
export type Slot = string | { readonly special: "bos" | "eos" } | { readonly token: string };

/** The tokenizer's beginning-of-text token. */
export const BOS = { special: "bos" } as const;
/** The tokenizer's end-of-text token. */
export const EOS = { special: "eos" } as const;
/** Where the message goes. */
export const CONTENT = "{{content}}";

/** The sides of messages that lose their white space. */
export type Trims = { readonly [role in "system" | "user" | "assistant" | "observation"]?: "both" | "start" | "end" };

/** How a conversation is written for a model. */
export interface Template {
  /** The name in messages; users choose a template by its key in `TEMPLATES`. */
  readonly name: string;
  /** Once, at the very start. */
  readonly prefix: readonly Slot[];
  /** Around the system prompt, which ends with the descriptions of tools. Left out where there is neither. */
  readonly system: readonly Slot[];
  /** Written where there is no system block. */
  readonly withoutSystem: readonly Slot[];
  /** Around a question, including the header that opens the answer. */
  readonly user: readonly Slot[];
  /** Around an answer, including the mark that ends it. */
  readonly assistant: readonly Slot[];
  /** Around a tool's result, including the header that opens the answer. */
  readonly observation: readonly Slot[];
  /** Between the results of tools that were called together; all stand in one `observation`. */
  readonly betweenResults: string;
  /** Around an answer that calls tools. */
  readonly function: readonly Slot[];
  /** How tools and calls are written: a key of `TOOL_FORMATS`; null where that is not known. */
  readonly toolFormat: string | null;
  /** The system prompt of conversations that have none. */
  readonly defaultSystem: string;
  /** Tokens at which generation stops, in addition to EOS. */
  readonly stopWords: readonly string[];
  /** Tokens that the tokenizer must have; without them, marks would be split into letters. */
  readonly tokens: readonly string[];
  /** What opens and closes reasoning. */
  readonly thoughtWords: readonly [string, string];
  /** Tags that a call in the data may already have around it. */
  readonly toolCallWords: readonly [string, string];
  /** An answer ends with the next turn's header, or with EOS at the very end: between turns, EOS is learned, not written. */
  readonly efficientEos: boolean;
  /** The first stop word becomes the tokenizer's EOS. */
  readonly replaceEos: boolean;
  /** The system prompt is written inside a question: the first, as in Llama 2, or the last. */
  readonly systemInUser: false | "first" | "last";
  /** The system block is written even when it is empty. */
  readonly alwaysSystem: boolean;
  /** Answers may contain reasoning; `enableThinking` and `preserveThinking` say what happens to it. */
  readonly reasoning: boolean;
  /** true: an answer without reasoning gets an empty thought and learns it. false: reasoning is removed and the empty
   * thought is part of the question. null: only answers without reasoning get it, as part of the question. */
  readonly enableThinking: boolean | null;
  /** Which answers without reasoning get an empty thought where `enableThinking` is true: none, the last, or all. */
  readonly fillsThought: "none" | "last" | "all";
  /** What a prompt ends with: nothing of a thought, what opens one, or an empty one. */
  readonly opensThought: false | "open" | "empty";
  /** Keep the reasoning of earlier answers where a format would drop it. */
  readonly preserveThinking: boolean;
  /** Where the reasoning of an earlier answer is dropped, the line breaks behind it are kept. */
  readonly keepsBreaks: boolean;
  /** On which sides a message of a role loses its outer white space; on none by default. */
  readonly trims: Trims;
  /** The Jinja chat template that it was derived from. */
  readonly jinja?: string;
}

/** A template from what sets it apart. By default nothing is added to a message but EOS after an answer. */
export function template(given: Partial<Template> & Pick<Template, "name" | "user">): Template {
  const assistant = given.assistant ?? (given.efficientEos ? [CONTENT] : [CONTENT, EOS]);
  return {
    prefix: [],
    system: [CONTENT],
    withoutSystem: [],
    assistant,
    observation: given.user,
    betweenResults: "\n",
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
    fillsThought: "last",
    opensThought: false,
    preserveThinking: false,
    keepsBreaks: false,
    trims: {},
    ...given,
  };
}
