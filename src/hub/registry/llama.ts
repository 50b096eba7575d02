import { type Family, models } from "./entry.ts";

/** Meta's Llama models. */
export const llama: Family = {
  "llama-2-7b": { hub: "meta-llama/Llama-2-7b-hf", template: "llama2" },
  "llama-2-13b": { hub: "meta-llama/Llama-2-13b-hf", template: "llama2" },
  "llama-2-70b": { hub: "meta-llama/Llama-2-70b-hf", template: "llama2" },
  "llama-2-7b-chat": { hub: "meta-llama/Llama-2-7b-chat-hf", template: "llama2" },
  "llama-2-13b-chat": { hub: "meta-llama/Llama-2-13b-chat-hf", template: "llama2" },
  "llama-2-70b-chat": { hub: "meta-llama/Llama-2-70b-chat-hf", template: "llama2" },
  "llama-3-8b": { hub: "meta-llama/Meta-Llama-3-8B", template: "llama3" },
  "llama-3-70b": { hub: "meta-llama/Meta-Llama-3-70B", template: "llama3" },
  "llama-3-8b-instruct": { hub: "meta-llama/Meta-Llama-3-8B-Instruct", template: "llama3" },
  "llama-3-70b-instruct": { hub: "meta-llama/Meta-Llama-3-70B-Instruct", template: "llama3" },
  ...models("meta-llama", "llama3", "Llama-3.1-8B", "Llama-3.1-70B", "Llama-3.1-405B"),
  ...models("meta-llama", "llama3", "Llama-3.1-8B-Instruct", "Llama-3.1-70B-Instruct", "Llama-3.1-405B-Instruct"),
  ...models("meta-llama", "llama3", "Llama-3.2-1B", "Llama-3.2-3B", "Llama-3.2-1B-Instruct", "Llama-3.2-3B-Instruct"),
  ...models("meta-llama", "llama3", "Llama-3.3-70B-Instruct"),
};

/** Models of others that Llama's architecture runs, with a template that ftx has or their tokenizer brings. */
export const llamaShaped: Family = {
  "llama-3-8b-chinese-chat": { hub: "shenzhi-wang/Llama3-8B-Chinese-Chat", template: "llama3" },
  "llama-3-70b-chinese-chat": { hub: "shenzhi-wang/Llama3-70B-Chinese-Chat", template: "llama3" },
  "llama-3.1-8b-chinese-chat": { hub: "shenzhi-wang/Llama3.1-8B-Chinese-Chat", template: "llama3" },
  "llama-3.1-70b-chinese-chat": { hub: "shenzhi-wang/Llama3.1-70B-Chinese-Chat", template: "llama3" },
  "vicuna-v1.5-7b-chat": { hub: "lmsys/vicuna-7b-v1.5", template: "vicuna" },
  "vicuna-v1.5-13b-chat": { hub: "lmsys/vicuna-13b-v1.5", template: "vicuna" },
  "tinyllama-1.1b-chat": { hub: "TinyLlama/TinyLlama-1.1B-Chat-v1.0", template: "zephyr" },
  "yi-6b": { hub: "01-ai/Yi-6B", template: "chatml" },
  "yi-9b": { hub: "01-ai/Yi-9B", template: "chatml" },
  "yi-34b": { hub: "01-ai/Yi-34B", template: "chatml" },
  "yi-6b-chat": { hub: "01-ai/Yi-6B-Chat", template: "chatml" },
  "yi-34b-chat": { hub: "01-ai/Yi-34B-Chat", template: "chatml" },
  ...models("01-ai", "chatml", "Yi-1.5-6B", "Yi-1.5-9B", "Yi-1.5-34B"),
  ...models("01-ai", "chatml", "Yi-1.5-6B-Chat", "Yi-1.5-9B-Chat", "Yi-1.5-34B-Chat"),
  ...models("01-ai", "chatml", "Yi-Coder-1.5B", "Yi-Coder-9B", "Yi-Coder-1.5B-Chat", "Yi-Coder-9B-Chat"),
  ...models("HuggingFaceTB", "chatml", "SmolLM-135M", "SmolLM-360M", "SmolLM-1.7B"),
  ...models("HuggingFaceTB", "chatml", "SmolLM-135M-Instruct", "SmolLM-360M-Instruct", "SmolLM-1.7B-Instruct"),
  ...models("HuggingFaceTB", "chatml", "SmolLM2-135M", "SmolLM2-360M", "SmolLM2-1.7B"),
  ...models("HuggingFaceTB", "chatml", "SmolLM2-135M-Instruct", "SmolLM2-360M-Instruct", "SmolLM2-1.7B-Instruct"),
  "deepseek-llm-7b-base": { hub: "deepseek-ai/deepseek-llm-7b-base" },
  "deepseek-llm-67b-base": { hub: "deepseek-ai/deepseek-llm-67b-base" },
  "deepseek-llm-7b-chat": { hub: "deepseek-ai/deepseek-llm-7b-chat" },
  "deepseek-llm-67b-chat": { hub: "deepseek-ai/deepseek-llm-67b-chat" },
  "deepseek-r1-8b-distill": { hub: "deepseek-ai/DeepSeek-R1-Distill-Llama-8B" },
  "deepseek-r1-70b-distill": { hub: "deepseek-ai/DeepSeek-R1-Distill-Llama-70B" },
};
