import { RowError } from "../sources/row.ts";

/** Who speaks. */
export type Role = "user" | "assistant" | "observation" | "function";

/** One message. */
export interface Message {
  readonly role: Role;
  /** What is said; of an answer that calls tools, what is said in front of `calls` or, without them, the calls too. */
  readonly content: string;
  /** The calls of a `function` message, where the data keeps them apart: JSON text as `writeCalls` reads it. */
  readonly calls?: string;
  /** Results of further tools that were called together with that of this `observation`. */
  readonly moreResults?: readonly string[];
  /** Whether the data asks to learn it (OpenAI's `weight`); left out where it does not say. */
  readonly learned?: boolean;
}

/** A conversation of any data format, in one shape: question, answer, question, answer … */
export interface Conversation {
  /** The system prompt, if the example has one. */
  readonly system?: string;
  /** `learned` of the system message. */
  readonly systemLearned?: boolean;
  /** Tools as the data gives them: the JSON text of a list. */
  readonly tools?: string;
  /** A question (user) or tool result (observation) at even places, an answer (assistant) or tool call (function) at odd. */
  readonly messages: readonly Message[];
}

/** Throws `RowError` unless questions and answers alternate, from a question to an answer. `number` is the place in the data. */
export function checkOrder(messages: readonly { readonly role: Role; readonly number: number }[]): void {
  if (messages.length === 0) throw new RowError("it has no messages");
  messages.forEach(({ role, number }, i) => {
    const isAnswer = role === "assistant" || role === "function";
    if (isAnswer === (i % 2 === 1)) return;
    const wanted = i % 2 === 0 ? "a question (user or tool)" : "an answer (assistant)";
    throw new RowError(`its roles do not alternate: message ${number} should be ${wanted} but is "${role}"`);
  });
  if (messages.length % 2 === 1) throw new RowError("its last message is not an answer");
}
