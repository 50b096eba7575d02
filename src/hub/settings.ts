import { z } from "zod";
import { section, setting, type SettingsOf } from "../settings/setting.ts";

/** Where models, adapters and data sets come from if they are not folders, and where downloads are kept. */
export const hubSettings = section("Hub", {
  modelRevision: setting(
    z.string().min(1).default("main"),
    "Branch, tag or commit of a downloaded model; org/name@revision does the same",
  ),
  cacheDir: setting(
    z.string().min(1).optional(),
    "Folder for downloads, laid out as Python's huggingface_hub does; HF_HUB_CACHE, or hub in HF_HOME, if unset",
  ),
  hfHubToken: setting(
    z.string().min(1).optional(),
    "Token for private and gated repositories; HF_TOKEN, or the file that hf auth login writes, if unset. " +
      "ftx never writes it to a file",
  ),
});

export type HubSettings = SettingsOf<typeof hubSettings>;
