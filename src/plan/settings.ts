import { z } from "zod";
import { section, setting } from "../recipe/setting.ts";

/** How `ftx plan` finds out. */
export const planSettings = section("Plan", {
  probe: setting(
    z.boolean().default(false),
    "Load the model, make three steps and say how fast and how large they were",
  ),
});
