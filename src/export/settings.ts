import { z } from "zod";
import { section, setting, type SettingsOf } from "../settings/setting.ts";

/** Where and how `ftx export` writes a whole model. */
export const exportSettings = section("Export", {
  exportDir: setting(z.string().min(1).optional(), "Folder for the merged model"),
  exportSize: setting(z.number().positive().default(5), "Maximum size of a weights file", { unit: "GB" }),
  exportDevice: setting(z.enum(["cpu", "auto"]).default("cpu"), "Device on which to merge adapters"),
});

export type ExportSettings = SettingsOf<typeof exportSettings>;
