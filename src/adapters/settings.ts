import { z } from "zod";
import { section, setting, type SettingsOf } from "../settings/setting.ts";

const flag = z.boolean().default(false);
const names = z.array(z.string()).default([]);
const all = z.array(z.string()).min(1).default(["all"]);

const lora = { only: { finetuningType: ["lora"] } };
const freeze = { only: { finetuningType: ["freeze"] } };

/** Which part of the model is trained. */
export const methodSettings = section("Method", {
  finetuningType: setting(
    z.enum(["lora", "freeze", "full"]).default("lora"),
    "What to train. lora: small matrices added to the weights; freeze: some blocks; full: every weight. " +
      "Short forms: --lora, --freeze, --full",
  ),
  loraRank: setting(z.int().min(1).default(8), "Rank of the LoRA matrices A and B", lora),
  loraAlpha: setting(z.number().positive().optional(), "B·A is scaled by alpha / rank; 2 × lora_rank if unset", lora),
  loraDropout: setting(z.number().min(0).lt(1).default(0), "Probability of dropping an input of A", lora),
  loraTarget: setting(
    all,
    "Layers to adapt, linear ones or embed_tokens, by the last part of their name; all: every linear layer except the head",
    lora,
  ),
  loraLayers: setting(
    z.array(z.int().min(0)).default([]),
    "Adapt only these blocks, counted from 0; every block if empty",
    { aliases: ["layersToTransform"], ...lora },
  ),
  additionalTarget: setting(
    names,
    "Modules to train in full and save with the adapter, by the ends of their names as in PEFT: embed_tokens, lm_head, " +
      "norm (every norm). Where the head is the embedding, embed_tokens trains both as one weight, lm_head the head alone",
    { aliases: ["modulesToSave"], ...lora },
  ),
  useRslora: setting(flag, "Scale by alpha / sqrt(rank), https://arxiv.org/abs/2312.03732", lora),
  initLoraWeights: setting(
    z.union([z.literal(true), z.literal("gaussian")]).default(true),
    "How A starts. true: Kaiming-uniform; gaussian: normal with standard deviation 1 / rank. B starts at zero",
    lora,
  ),
  createNewAdapter: setting(flag, "Merge every given adapter into the model and train a new one", lora),
  freezeTrainableLayers: setting(
    z.int().default(2),
    "Train the last n blocks, or the first n if n is negative",
    { unit: "blocks", ...freeze },
  ),
  freezeTrainableModules: setting(all, "Modules to train within those blocks; all: every module", freeze),
  freezeExtraModules: setting(
    names,
    "Modules to train outside the blocks, such as embed_tokens, norm or lm_head",
    freeze,
  ),
  neftuneNoiseAlpha: setting(
    z.number().min(0).optional(),
    "Add noise to embeddings while training, https://arxiv.org/abs/2310.05914; 5 is typical, off if unset",
  ),
});

export type MethodSettings = SettingsOf<typeof methodSettings>;
