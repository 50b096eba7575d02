/**
 * Data sets that LLaMA-Factory's own dataset_info.json names, and where they are at the hub: its users write these names
 * without having the file. Only such whose columns need no naming; adding one is one line.
 */
export const KNOWN_DATASETS: Readonly<Record<string, string>> = {
  alpaca_en: "llamafactory/alpaca_en",
  alpaca_zh: "llamafactory/alpaca_zh",
  alpaca_gpt4_en: "llamafactory/alpaca_gpt4_en",
  alpaca_gpt4_zh: "llamafactory/alpaca_gpt4_zh",
  codealpaca: "sahil2801/CodeAlpaca-20k",
  open_platypus: "garage-bAInd/Open-Platypus",
};
