import { z } from "zod";
import { section, setting } from "../recipe/setting.ts";

/** Where and how `ftx export` writes a whole model. */
export const exportSettings = section("Export", {
  exportDir: setting(z.string().min(1).optional(), "Folder for the merged model"),
  exportSize: setting(z.number().positive().default(5), "Largest weights file", { unit: "GB" }),
  exportDevice: setting(z.enum(["cpu", "auto"]).default("cpu"), "Where adapters are merged"),
});
