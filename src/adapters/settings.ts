import { z } from "zod";
import { section, setting } from "../recipe/setting.ts";

const flag = z.boolean().default(false);
const names = z.array(z.string()).default([]);
const all = z.array(z.string()).min(1).default(["all"]);

/** What part of the model is trained. */
export const methodSettings = section("Method", {
  finetuningType: setting(
    z.enum(["lora", "freeze", "full"]).default("lora"),
    "lora: small matrices beside the weights; freeze: some layers; full: everything. Short: --lora --freeze --full",
  ),
  loraRank: setting(z.int().min(1).default(8), "Rank of A and B"),
  loraAlpha: setting(z.number().positive().optional(), "Scale of B·A is alpha / rank; 2 × lora_rank when left out"),
  loraDropout: setting(z.number().min(0).lt(1).default(0), "Chance that an input of A is dropped"),
  loraTarget: setting(
    all,
    "Linear layers that get an adapter, by the last part of their name; all: every one but the head",
  ),
  loraLayers: setting(
    z.array(z.int().min(0)).default([]),
    "Only in these blocks, counted from 0; every block when empty",
    {
      aliases: ["layersToTransform"],
    },
  ),
  additionalTarget: setting(names, "Modules trained whole and saved with the adapter (embed_tokens, lm_head …)", {
    aliases: ["modulesToSave"],
  }),
  useRslora: setting(flag, "Scale by alpha / sqrt(rank), https://arxiv.org/abs/2312.03732"),
  initLoraWeights: setting(
    z.union([z.literal(true), z.literal("gaussian")]).default(true),
    "How A starts: true is Kaiming-uniform, gaussian is normal with deviation 1 / rank; B starts at zero",
  ),
  createNewAdapter: setting(flag, "Merge all given adapters and train a new one"),
  freezeTrainableLayers: setting(z.int().default(2), "The last n blocks are trained, or the first n if negative", {
    unit: "blocks",
  }),
  freezeTrainableModules: setting(all, "Modules of these blocks that are trained; all: every one"),
  freezeExtraModules: setting(names, "Modules outside the blocks that are trained (embed_tokens, norm, lm_head)"),
  neftuneNoiseAlpha: setting(
    z.number().min(0).optional(),
    "Noise on embeddings while training, https://arxiv.org/abs/2310.05914; 5 is usual, off when left out",
  ),
});
