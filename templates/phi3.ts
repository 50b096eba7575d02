import { CONTENT, template } from "./template.ts";

/** Phi 3 and 3.5. https://arxiv.org/abs/2404.14219 */
export const phi3 = template({
  name: "phi3",
  system: [`<|system|>\n${CONTENT}<|end|>\n`],
  user: [`<|user|>\n${CONTENT}<|end|>\n<|assistant|>\n`],
  assistant: [`${CONTENT}<|end|>\n`],
  stopWords: ["<|end|>"],
  tokens: ["<|user|>", "<|assistant|>", "<|end|>"],
  replaceEos: true,
});
