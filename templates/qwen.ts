import { chatml } from "./chatml.ts";
import { CONTENT } from "./template.ts";

/** Qwen 2 and 2.5 Instruct. https://arxiv.org/abs/2412.15115 */
export const qwen = {
  ...chatml,
  name: "qwen",
  observation: [
    `<|im_start|>user\n<tool_response>\n${CONTENT}\n</tool_response><|im_end|>\n<|im_start|>assistant\n`,
  ],
  betweenResults: "\n</tool_response>\n<tool_response>\n",
  toolFormat: "qwen",
  defaultSystem: "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.",
  stopWords: ["<|im_end|>"],
};

/** Qwen 3 without thinking: the Instruct-2507 models. */
export const qwen3Nothink = { ...qwen, name: "qwen3_nothink", defaultSystem: "" };

/** Qwen 3, whose answers begin with a thought. https://arxiv.org/abs/2505.09388 */
export const qwen3 = { ...qwen3Nothink, name: "qwen3", reasoning: true };
