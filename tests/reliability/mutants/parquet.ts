// Parquet files with changed bytes, read as ftx reads data.

import { readdirSync } from "node:fs";
import { readTried } from "../../../src/data/sources/parquet.ts";
import { trial } from "../../../src/data/sources/parquet_trial.ts";
import { Choices } from "../../support/random.ts";
import { serve } from "./serve.ts";

const DATA = new URL("../../fixtures/data", import.meta.url).pathname;
const BASES = readdirSync(DATA).filter((name) => name.endsWith(".parquet")).sort()
  .map((name) => Deno.readFileSync(`${DATA}/${name}`));
const folder = Deno.makeTempDirSync({ prefix: "ftx-mutants-" });

/** One to four changes: in the footer, in the pages, or anywhere; a cut; a part repeated. */
function mutant(choices: Choices): Uint8Array {
  let bytes = choices.of(BASES).slice();
  for (let n = 1 + choices.below(4); n > 0; n--) {
    const footer = bytes.length > 8 ? new DataView(bytes.buffer).getUint32(bytes.length - 8, true) % bytes.length : 0;
    const at = choices.random() < 0.5
      ? Math.max(0, bytes.length - 8 - choices.below(footer + 1))
      : choices.below(bytes.length);
    const kind = choices.random();
    if (kind < 0.35) bytes[at] = choices.below(256);
    else if (kind < 0.5) bytes[at] ^= 1 << choices.below(8);
    else if (kind < 0.65) bytes.set(choices.of(NUMBERS).subarray(0, bytes.length - at), at);
    else if (kind < 0.75) bytes = concat(bytes.subarray(0, at), bytes.subarray(at + 1 + choices.below(8)));
    else if (kind < 0.85) bytes = concat(bytes.subarray(0, at), choices.of(NUMBERS), bytes.subarray(at));
    else if (kind < 0.95) bytes = concat(bytes.subarray(0, at), bytes.subarray(choices.below(at + 1)));
    else bytes = bytes.slice(0, at);
  }
  return bytes;
}

// Lengths and counts that lie: in the variable-length numbers of the metadata, and in 32 bits.
const NUMBERS = [
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
  [0x80, 0x80, 0x80, 0x80, 0x10],
  [0xfe, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0x7f],
  [0xff, 0xff, 0xff, 0xff],
  [0, 0, 0, 0],
].map((bytes) => Uint8Array.from(bytes));

function concat(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

await serve(async (seed, say) => {
  const path = `${folder}/m.parquet`;
  Deno.writeFileSync(path, mutant(new Choices(seed)));
  say("trial");
  await trial({ path });
  await new Promise((later) => setTimeout(later)); // what nobody waits for fails now, as at the end of a process
  say("use");
  let rows = 0;
  for await (const row of readTried(path)) rows += "value" in row ? 1 : 0;
  return rows === 0 ? "empty" : "used";
});
Deno.removeSync(folder, { recursive: true });
