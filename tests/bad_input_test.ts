// Each kind of bad input ends with complete sentences and the right exit code, never with a stack trace; nothing is
// half-written, and existing files are unchanged.

import assert from "node:assert/strict";
import { ADAPTER_CASES } from "./bad_input/adapters.ts";
import type { Case } from "./bad_input/case.ts";
import { DATASET_CASES } from "./bad_input/datasets.ts";
import { KIND_CASES } from "./bad_input/kinds.ts";
import { MODEL_CASES } from "./bad_input/models.ts";
import { NAME_CASES } from "./bad_input/names.ts";
import { Place, SFT } from "./bad_input/place.ts";
import { RECIPE_CASES } from "./bad_input/recipes.ts";
import { RUN_CASES } from "./bad_input/runs.ts";
import { TOKENIZER_CASES } from "./bad_input/tokenizers.ts";
import { WEIGHTS_CASES } from "./bad_input/weights.ts";
import { ftx } from "./ftx.ts";
import { inProcess } from "./in_process.ts";

const AREAS: Record<string, Case[]> = {
  "model folders": MODEL_CASES,
  weights: WEIGHTS_CASES,
  adapters: ADAPTER_CASES,
  "tokenizers and templates": TOKENIZER_CASES,
  datasets: DATASET_CASES,
  settings: RECIPE_CASES,
  "kinds of files": KIND_CASES,
  "names from outside": NAME_CASES,
  "folders, disks and memory": RUN_CASES,
};

Deno.env.set("HF_HUB_OFFLINE", "1");

for (const [area, cases] of Object.entries(AREAS)) {
  Deno.test(`bad input in ${area} is reported in sentences (${cases.length} kinds)`, async (t) => {
    using good = await Place.make();
    for (const one of cases) {
      const why = one.skip?.();
      const name = one.name + (why === undefined ? "" : ` (skipped: ${why})`);
      await t.step({ name, ignore: why !== undefined, fn: () => check(one, good) });
    }
  });
}

/** Runs one case in a copy of the good place. */
async function check({ spoil, run = SFT, says, code, leaves = /^$/, alone, meanwhile }: Case, good: Place) {
  using place = good.copy();
  await spoil?.(place);
  using _ = meanwhile?.(place);
  const before = place.contents();
  const line = takesQuiet(run) ? `${run} --quiet` : run;
  const done = await (alone ? ftx : inProcess)(place.folder, line);
  const lines = [says].flat().map((line) => line.startsWith("warning: ") ? line : `error: ${line}`);
  const said = done.err.replace(/[\d.]+ [KMG]iB are free/g, "{n} are free");
  assert.equal(said, lines.map((line) => line + "\n").join(""));
  assert.equal(done.code, code);
  const changed = (names: Record<string, string>) => Object.entries(names).filter(([name]) => !leaves.test(name));
  assert.deepEqual(changed(place.contents()), changed(before));
}

/** Commands that print only errors and the result with --quiet. */
const takesQuiet = (line: string) => /^(train|sft|pt|plan|export)\b/.test(line);
