import { CONTENT, EOS, template } from "./template.ts";

/** For base models without a format of their own: turns with names, each ended by EOS. */
export const plain = template({
  name: "default",
  system: [`System: ${CONTENT}`, EOS, "\n"],
  user: [`Human: ${CONTENT}`, EOS, "\nAssistant:"],
  assistant: [CONTENT, EOS, "\n"],
});

/** The messages alone. No mark is added, so no end is learned unless the data contains one. */
export const empty = template({ name: "empty", user: [CONTENT], assistant: [CONTENT] });
