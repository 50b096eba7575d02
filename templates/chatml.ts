import { CONTENT, template } from "./template.ts";

/** ChatML, from which Qwen, Yi, SmolLM and many others descend. */
export const chatml = template({
  name: "chatml",
  system: [`<|im_start|>system\n${CONTENT}<|im_end|>\n`],
  user: [`<|im_start|>user\n${CONTENT}<|im_end|>\n<|im_start|>assistant\n`],
  assistant: [`${CONTENT}<|im_end|>\n`],
  observation: [`<|im_start|>tool\n${CONTENT}<|im_end|>\n<|im_start|>assistant\n`],
  betweenResults: "<|im_end|>\n<|im_start|>tool\n",
  stopWords: ["<|im_end|>", "<|im_start|>"],
  tokens: ["<|im_start|>", "<|im_end|>"],
  replaceEos: true,
});
