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
}

/** A conversation of any data format, in one shape: question, answer, question, answer … */
export interface Conversation {
  /** The system prompt, if the example has one. */
  readonly system?: string;
  /** Tools as the data gives them: the JSON text of a list. */
  readonly tools?: string;
  /** A question (user) or tool result (observation) at even places, an answer (assistant) or tool call (function) at odd. */
  readonly messages: readonly Message[];
}

/** Throws `RowError` unless questions and answers alternate, from a question to an answer. */
export function checkOrder(messages: readonly Message[]): void {
  if (messages.length === 0) throw new RowError("it has no messages");
  messages.forEach(({ role }, i) => {
    const isAnswer = role === "assistant" || role === "function";
    if (isAnswer === (i % 2 === 1)) return;
    const wanted = i % 2 === 0 ? "a question (user or tool)" : "an answer (assistant)";
    throw new RowError(`its roles do not alternate: message ${i + 1} should be ${wanted} but is "${role}"`);
  });
  if (messages.length % 2 === 1) throw new RowError("its last message is not an answer");
}
