import { BOS, CONTENT, template } from "./template.ts";

const opened = (role: string) => `<start_of_turn>${role}\n${CONTENT}<end_of_turn>\n<start_of_turn>model\n`;

/** Gemma 1 to 3, text only. https://arxiv.org/abs/2403.08295 */
export const gemma = template({
  name: "gemma",
  prefix: [BOS],
  system: [`${CONTENT}\n\n`],
  user: [opened("user")],
  assistant: [`${CONTENT}<end_of_turn>\n`],
  observation: [opened("tool")],
  betweenResults: "<end_of_turn>\n<start_of_turn>tool\n",
  stopWords: ["<end_of_turn>"],
  tokens: ["<start_of_turn>", "<end_of_turn>"],
  replaceEos: true,
  systemInUser: "first",
});
