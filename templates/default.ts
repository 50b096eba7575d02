import { CONTENT, EOS, template } from "./template.ts";

/** For base models without a format of their own: named turns, each ended by EOS. */
export const plain = template({
  name: "default",
  system: [`System: ${CONTENT}`, EOS, "\n"],
  user: [`Human: ${CONTENT}`, EOS, "\nAssistant:"],
  assistant: [CONTENT, EOS, "\n"],
});

/** Nothing but the messages: no mark is added, so no end is learned unless the data writes one. */
export const empty = template({ name: "empty", user: [CONTENT], assistant: [CONTENT] });
