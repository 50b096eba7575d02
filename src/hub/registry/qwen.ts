import { type Family, models } from "./entry.ts";

const SIZES_2_5 = ["0.5B", "1.5B", "3B", "7B", "14B", "32B", "72B"];
const SIZES_CODER = ["0.5B", "1.5B", "3B", "7B", "14B", "32B"];
const SIZES_3 = ["0.6B", "1.7B", "4B", "8B", "14B"];

const both = (names: string[]) => [...names, ...names.map((name) => `${name}-Instruct`)];

/** Qwen 2 and 2.5, and models of others that were made from them. */
export const qwen2: Family = {
  ...models("Qwen", "qwen", ...both(["0.5B", "1.5B", "7B", "72B"].map((size) => `Qwen2-${size}`))),
  ...models("Qwen", "qwen", ...both(["1.5B", "7B", "72B"].map((size) => `Qwen2-Math-${size}`))),
  ...models("Qwen", "qwen", ...both(SIZES_2_5.map((size) => `Qwen2.5-${size}`))),
  ...models("Qwen", "qwen", "Qwen2.5-7B-Instruct-1M", "Qwen2.5-14B-Instruct-1M"),
  ...models("Qwen", "qwen", ...both(SIZES_CODER.map((size) => `Qwen2.5-Coder-${size}`))),
  ...models("Qwen", "qwen", ...both(["1.5B", "7B", "72B"].map((size) => `Qwen2.5-Math-${size}`))),
  "qwq-32b-preview-instruct": { hub: "Qwen/QwQ-32B-Preview", template: "qwen" },
  "qwq-32b-instruct": { hub: "Qwen/QwQ-32B" },
  "kimi-dev-72b-instruct": { hub: "moonshotai/Kimi-Dev-72B", template: "qwen" },
  "deepseek-r1-1.5b-distill": { hub: "deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B" },
  "deepseek-r1-7b-distill": { hub: "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B" },
  "deepseek-r1-14b-distill": { hub: "deepseek-ai/DeepSeek-R1-Distill-Qwen-14B" },
  "deepseek-r1-32b-distill": { hub: "deepseek-ai/DeepSeek-R1-Distill-Qwen-32B" },
  "vibethinker-1.5b": { hub: "WeiboAI/VibeThinker-1.5B", template: "qwen3" },
};

/** Qwen 3 with dense layers. Those that think are also found by LLaMA-Factory's names, which end in -thinking. */
export const qwen3: Family = {
  ...models("Qwen", "qwen3", ...SIZES_3.flatMap((size) => [`Qwen3-${size}`, `Qwen3-${size}-Base`]), "Qwen3-32B"),
  ...Object.fromEntries(
    [...SIZES_3, "32B"].map((size) => [
      `qwen3-${size.toLowerCase()}-thinking`,
      { hub: `Qwen/Qwen3-${size}`, template: "qwen3" },
    ]),
  ),
  ...models("Qwen", "qwen3", "Qwen3-4B-Thinking-2507"),
  ...models("Qwen", "qwen3_nothink", "Qwen3-4B-Instruct-2507"),
  "deepseek-r1-0528-8b-distill": { hub: "deepseek-ai/DeepSeek-R1-0528-Qwen3-8B" },
};
