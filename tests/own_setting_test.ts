// A setting is one file's matter: a program that declares one gets it in files, flags, help, the JSON Schema and run.yaml.

import assert from "node:assert/strict";
import { z } from "zod";
import { commandOf } from "../src/cli/command_line.ts";
import { jsonSchema } from "../src/recipe/json_schema.ts";
import { readRecipe } from "../src/recipe/read.ts";
import { type Recipe, SECTIONS } from "../src/recipe/recipe.ts";
import { settle } from "../src/recipe/settle.ts";
import { writeRecipe } from "../src/recipe/write.ts";
import { readText } from "../src/settings/file.ts";
import { section, setting, type SettingsOf } from "../src/settings/setting.ts";

const own = section("Own", {
  focalGamma: setting(z.number().min(0).default(2), "Exponent of the focal loss", {
    aliases: ["gamma"],
    only: { stage: ["sft"] },
  }),
});
const sections = [...SECTIONS, own];
const BASE = "model: m\ndataset: d\n";
const read = (text: string) => settle(readText(BASE + text, "a.yaml"), "train", { sections });
const gamma = (recipe: Recipe) => (recipe as Recipe & SettingsOf<typeof own>).focalGamma;

Deno.test("a program's own setting is read from files and flags, and checked", async () => {
  assert.equal(gamma(read("").recipe), 2);
  assert.equal(gamma(read("gamma: 1.5").recipe), 1.5);
  const flags = [...readText(BASE, ""), { name: "focal-gamma", value: "3", where: "--focal-gamma" }];
  assert.equal(gamma((await readRecipe({ flags, sections })).recipe), 3);
  assert.throws(() => read("focal_gama: 1"), {
    message: 'Cannot use focal_gama (a.yaml:3): ftx has no such setting; did you mean "focal_gamma"?',
  });
  assert.throws(() => read("stage: pt\ngamma: 1"), {
    message: 'Cannot use focal_gamma = 1 (a.yaml:4) with stage = "pt" (a.yaml:3): it acts only with stage = sft; ' +
      "leave it out or change stage",
  });
});

Deno.test("a program's own setting is in the help, the JSON Schema and run.yaml", () => {
  const help = (stage: string) =>
    commandOf({ name: stage, purpose: "train", stage, sections, about: { summary: "", usage: "" } }).helpInformation();
  assert.match(help("sft"), /\nOwn:\n {2}--focal-gamma <x> +Exponent of the focal loss \(default 2; also --gamma\)\n/);
  assert.doesNotMatch(help("pt"), /focal-gamma/);
  assert.ok("focal_gamma" in (jsonSchema(sections).properties as object));
  assert.match(writeRecipe(read("gamma: 1").recipe, sections), /\n### Own\nfocal_gamma: 1\n/);
});
