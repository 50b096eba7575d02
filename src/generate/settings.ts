import { z } from "zod";
import { section, setting, type SettingsOf } from "../settings/setting.ts";

const drawn = { only: { doSample: [true] } };

/** How answers are generated. */
export const generationSettings = section("Generation", {
  prompt: setting(z.string().optional(), "Answer this prompt on stdout and exit, instead of starting a chat"),
  system: setting(z.string().optional(), "System prompt of the conversation"),
  doSample: setting(z.boolean().default(true), "Sample tokens at random; if off, always take the most likely one"),
  temperature: setting(
    z.number().min(0).default(0.95),
    "Higher values make answers more random; 0 always takes the most likely token",
    drawn,
  ),
  topP: setting(
    z.number().min(0).max(1).default(0.7),
    "Sample from the fewest most likely tokens whose probabilities reach this sum",
    drawn,
  ),
  topK: setting(z.int().min(0).default(50), "Sample from this many of the most likely tokens; 0: from all", {
    unit: "tokens",
    ...drawn,
  }),
  maxNewTokens: setting(z.int().min(1).default(1024), "Maximum length of an answer", { unit: "tokens" }),
  repetitionPenalty: setting(z.number().positive().default(1), "Above 1, tokens already used become less likely"),
  skipSpecialTokens: setting(z.boolean().default(true), "Leave special tokens out of the answer"),
});

export type GenerationSettings = SettingsOf<typeof generationSettings>;
