import { BOS, CONTENT, template } from "./template.ts";

const turn = (role: string) => `<|start_header_id|>${role}<|end_header_id|>\n\n`;

/** Llama 3, 3.1, 3.2 and 3.3 Instruct. https://arxiv.org/abs/2407.21783 */
export const llama3 = template({
  name: "llama3",
  prefix: [BOS],
  system: [`${turn("system")}${CONTENT}<|eot_id|>`],
  user: [`${turn("user")}${CONTENT}<|eot_id|>${turn("assistant")}`],
  assistant: [`${CONTENT}<|eot_id|>`],
  observation: [`${turn("ipython")}${CONTENT}<|eot_id|>${turn("assistant")}`],
  betweenResults: `<|eot_id|>${turn("ipython")}`,
  toolFormat: "llama3",
  stopWords: ["<|eot_id|>", "<|eom_id|>"],
  tokens: ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
  replaceEos: true,
});
