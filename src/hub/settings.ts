import { z } from "zod";
import { section, setting } from "../recipe/setting.ts";

/** Where models, adapters and data sets that are no folders come from, and where they are kept. */
export const hubSettings = section("Hub", {
  modelRevision: setting(
    z.string().min(1).default("main"),
    "Branch, tag or commit of a downloaded model; org/name@revision says the same",
  ),
  cacheDir: setting(
    z.string().min(1).optional(),
    "Where downloads are kept, as Python's huggingface_hub keeps them; HF_HUB_CACHE, or hub in HF_HOME, when left out",
  ),
  hfHubToken: setting(
    z.string().min(1).optional(),
    "Token for private and gated repositories; HF_TOKEN, or the file of hf auth login, when left out. " +
      "It is written into no file",
  ),
});

/** The settings of a section, as a recipe has them. */
export interface HubSettings {
  readonly modelRevision?: string;
  readonly cacheDir?: string;
  readonly hfHubToken?: string;
}
