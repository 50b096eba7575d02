import { z } from "zod";
import { section, setting } from "../recipe/setting.ts";

const flag = z.boolean().default(false);
const names = z.array(z.string()).default([]);

/** Which model is loaded, and how. */
export const modelSettings = section("Model", {
  modelNameOrPath: setting(
    z.string().min(1),
    "Model: a folder as transformers saves it, a short name (qwen3-0.6b; ftx models search lists them), " +
      "or org/name[@revision] at the hub",
    { aliases: ["model"] },
  ),
  adapterNameOrPath: setting(
    names,
    "PEFT adapters, each a folder or org/name[@revision] at the hub. All but the last are merged into the model; training goes on with the last",
    { aliases: ["adapter"] },
  ),
  adapterFolder: setting(z.string().optional(), "Folder inside each adapter's folder that holds the adapter"),
  dtype: setting(
    z.enum(["auto", "fp32", "bf16", "fp16"]).default("auto"),
    "Number type of the weights; auto keeps the type they were saved in",
    {
      aliases: ["torchDtype", "inferDtype"],
      synonyms: { float32: "fp32", float: "fp32", bfloat16: "bf16", float16: "fp16", half: "fp16" },
    },
  ),
  bf16: setting(flag, "Compute in bfloat16; what is trained is kept in fp32"),
  fp16: setting(flag, "Compute in float16 with loss scaling; what is trained is kept in fp32"),
  tf32: setting(
    flag,
    "Compute fp32 products with 10 bits of mantissa on GPUs of Ampere and newer: several times as fast",
  ),
  pureBf16: setting(flag, "Keep weights, gradients and optimizer state in bfloat16"),
  device: setting(
    z.string().regex(/^(auto|cpu|cuda(:\d+)?)$/, "choose one of auto, cpu, cuda, cuda:N").default("auto"),
    "Where to compute: auto (a GPU if there is one), cpu, cuda or cuda:N",
  ),
  threads: setting(z.int().min(1).optional(), "CPU threads of one operator; all cores when left out"),
  ropeScaling: setting(
    z.enum(["linear", "dynamic", "yarn", "llama3"]).optional(),
    "Stretches rotary positions so that cutoff_len fits",
  ),
  upcastLayernorm: setting(flag, "Keep the weights of norms in fp32"),
  resizeVocab: setting(flag, "Grow embedding and head to the tokenizer's size, rounded up to a multiple of 64"),
  addTokens: setting(names, "New ordinary tokens; turns resize_vocab on"),
  addSpecialTokens: setting(names, "New special tokens; turns resize_vocab on"),
  trainFromScratch: setting(flag, "Start from random weights; only config.json and the tokenizer are read"),
  flashAttn: setting(
    z.enum(["auto", "disabled", "sdpa", "fa2", "fa3"]).default("auto"),
    "Attention kernel",
    { note: "libtorch picks the fastest attention kernel for the device by itself" },
  ),
  trustRemoteCode: setting(flag, "Run code from the model folder", {
    note: "nothing from a model folder is ever executed",
  }),
  useFastTokenizer: setting(z.boolean().default(true), "Use the Rust tokenizer", {
    note: "the Rust tokenizer is the only one there is",
  }),
  lowCpuMemUsage: setting(z.boolean().default(true), "Load without a second copy in memory", {
    note: "weights are always read straight into their place",
  }),
  useReentrantGc: setting(z.boolean().default(true), "Flavour of gradient checkpointing", {
    note: "blocks are recomputed one by one, without PyTorch's checkpoint function",
  }),
});
