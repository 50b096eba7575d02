import { z } from "zod";
import { section, setting, type SettingsOf } from "../settings/setting.ts";

const flag = z.boolean().default(false);
const names = z.array(z.string()).default([]);

/** Which model is loaded, and how. */
export const modelSettings = section("Model", {
  modelNameOrPath: setting(
    z.string().min(1),
    "Model to use: a folder in transformers' format, a short name such as qwen3-0.6b (ftx models search lists them), " +
      "or org/name[@revision] on the hub",
    { aliases: ["model"] },
  ),
  adapterNameOrPath: setting(
    names,
    "PEFT adapters: folders, or org/name[@revision] on the hub. Training merges all but the last into the model " +
      "and continues with the last",
    { aliases: ["adapter"] },
  ),
  adapterFolder: setting(z.string().optional(), "Subfolder of each adapter's folder that holds the adapter"),
  dtype: setting(
    z.enum(["auto", "fp32", "bf16", "fp16"]).default("auto"),
    "Number type of the weights; auto keeps the type they were saved in",
    {
      aliases: ["torchDtype", "inferDtype"],
      synonyms: { float32: "fp32", float: "fp32", bfloat16: "bf16", float16: "fp16", half: "fp16" },
    },
  ),
  bf16: setting(flag, "Compute in bfloat16; keep trained weights in fp32"),
  fp16: setting(flag, "Compute in float16 with loss scaling; keep trained weights in fp32"),
  tf32: setting(
    flag,
    "Compute fp32 matrix products with a 10-bit mantissa, several times faster; needs an Ampere or newer GPU",
  ),
  pureBf16: setting(flag, "Keep weights, gradients and optimizer state in bfloat16"),
  device: setting(
    z.string().regex(/^(auto|cpu|cuda(:\d+)?)$/, "choose one of auto, cpu, cuda, cuda:N").default("auto"),
    "Device to compute on: auto (a GPU if there is one), cpu, cuda or cuda:N",
  ),
  threads: setting(z.int().min(1).optional(), "CPU threads for each operator; all cores if unset"),
  ropeScaling: setting(
    z.enum(["linear", "dynamic", "yarn", "llama3"]).optional(),
    "Stretch rotary positions so that cutoff_len fits",
  ),
  upcastLayernorm: setting(flag, "Keep the weights of norms in fp32"),
  resizeVocab: setting(flag, "Grow embedding and head to the tokenizer's size, rounded up to a multiple of 64"),
  addTokens: setting(names, "Ordinary tokens to add; turns on resize_vocab"),
  addSpecialTokens: setting(names, "Special tokens to add; turns on resize_vocab"),
  trainFromScratch: setting(flag, "Start from random weights; read only config.json and the tokenizer"),
  flashAttn: setting(
    z.enum(["auto", "disabled", "sdpa", "fa2", "fa3"]).default("auto"),
    "Attention kernel",
    {
      synonyms: {
        ...{ true: "fa2", false: "disabled", off: "disabled", eager: "disabled" },
        ...{ flash_attention_2: "fa2", flash_attention_3: "fa3" },
      },
      note: "libtorch already picks the fastest attention kernel for the device",
    },
  ),
  trustRemoteCode: setting(flag, "Run code from the model folder", {
    note: "ftx never runs code from a model folder",
  }),
  useFastTokenizer: setting(z.boolean().default(true), "Use the Rust tokenizer", {
    note: "ftx has only the Rust tokenizer",
  }),
  lowCpuMemUsage: setting(z.boolean().default(true), "Load weights without a second copy in memory", {
    note: "weights are always read straight into place",
  }),
  useReentrantGc: setting(z.boolean().default(true), "Variant of gradient checkpointing", {
    note: "blocks are recomputed one by one, without PyTorch's checkpoint function",
  }),
});

export type ModelSettings = SettingsOf<typeof modelSettings>;
