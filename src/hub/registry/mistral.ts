import { type Family, models } from "./entry.ts";

/** Mistral's models, and those of others with their architecture. */
export const mistral: Family = {
  "mistral-7b": { hub: "mistralai/Mistral-7B-v0.3", template: "mistral" },
  "mistral-7b-instruct": { hub: "mistralai/Mistral-7B-Instruct-v0.3", template: "mistral" },
  "mistral-7b-v0.1": { hub: "mistralai/Mistral-7B-v0.1", template: "mistral" },
  "mistral-7b-v0.2": { hub: "alpindale/Mistral-7B-v0.2-hf", template: "mistral" },
  "mistral-7b-v0.3": { hub: "mistralai/Mistral-7B-v0.3", template: "mistral" },
  ...models("mistralai", "mistral", "Mistral-7B-Instruct-v0.1", "Mistral-7B-Instruct-v0.2", "Mistral-7B-Instruct-v0.3"),
  "codestral-22b-v0.1-chat": { hub: "mistralai/Codestral-22B-v0.1", template: "mistral" },
  ...models("mistralai", undefined, "Mistral-Nemo-Base-2407", "Mistral-Nemo-Instruct-2407"),
  ...models("mistralai", undefined, "Ministral-8B-Instruct-2410"),
  ...models("mistralai", undefined, "Mistral-Small-24B-Base-2501", "Mistral-Small-24B-Instruct-2501"),
  "zephyr-7b-alpha-chat": { hub: "HuggingFaceH4/zephyr-7b-alpha", template: "zephyr" },
  "zephyr-7b-beta-chat": { hub: "HuggingFaceH4/zephyr-7b-beta", template: "zephyr" },
  "openchat3.5-7b-chat": { hub: "openchat/openchat-3.5-0106" },
  "breeze-7b": { hub: "MediaTek-Research/Breeze-7B-Base-v1_0" },
  "breeze-7b-instruct": { hub: "MediaTek-Research/Breeze-7B-Instruct-v1_0" },
};
