/** Who speaks: questions and tool results stand at even places, answers and tool calls at odd ones. */
export type Role = "user" | "assistant" | "observation" | "function";

/** One message. */
export interface Message {
  readonly role: Role;
  readonly content: string;
}

/** A conversation of any data format, in one shape: question, answer, question, answer … */
export interface Conversation {
  /** The system prompt, if the example brings one. */
  readonly system?: string;
  /** Tools as the data gives them: JSON text of a list. */
  readonly tools?: string;
  /** At even places user or observation, at odd places assistant or function. */
  readonly messages: readonly Message[];
}
