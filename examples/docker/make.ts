/**
 * Writes the data set of examples/docker: `deno run -A examples/docker/make.ts`.
 * Same patterns, same files; prints how far the held-out questions are from the training ones.
 */
import { writeFile } from "node:fs/promises";
import { INTENTS } from "./intents/mod.ts";
import { overlap } from "./overlap.ts";
import { composed, type Pair } from "./pairs.ts";

const { train, heldout } = composed(INTENTS);
await write("train.json", train);
await write("heldout.json", heldout);
console.log(`${INTENTS.length} intents, ${train.length} training pairs, ${heldout.length} held-out pairs`);
console.log(overlap(train, heldout));

/** One pair per line, so that changing one pattern gives a small diff. */
async function write(name: string, pairs: Pair[]) {
  const lines = pairs.map((pair) => "  " + JSON.stringify(pair)).join(",\n");
  await writeFile(new URL(name, import.meta.url), `[\n${lines}\n]\n`);
}
