import { z } from "zod";
import { section, setting } from "../recipe/setting.ts";

/** How answers are drawn. */
export const generationSettings = section("Generation", {
  prompt: setting(z.string().optional(), "Answer this once on stdout instead of talking"),
  system: setting(z.string().optional(), "System prompt of the conversation"),
  doSample: setting(z.boolean().default(true), "Draw tokens at random; otherwise always the likeliest"),
  temperature: setting(z.number().min(0).default(0.95), "Above 1 bolder, towards 0 surer"),
  topP: setting(z.number().min(0).max(1).default(0.7), "Draw from the likeliest tokens that hold this probability"),
  topK: setting(z.int().min(0).default(50), "Draw from this many of the likeliest tokens; 0: from all", {
    unit: "tokens",
  }),
  maxNewTokens: setting(z.int().min(1).default(1024), "Longest answer", { unit: "tokens" }),
  repetitionPenalty: setting(z.number().positive().default(1), "Above 1: tokens that were there become less likely"),
  skipSpecialTokens: setting(z.boolean().default(true), "Leave special tokens out of the answer"),
});
