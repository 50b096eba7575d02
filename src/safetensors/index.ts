import { basename, dirname, join } from "node:path";
import { CheckpointError } from "../errors.ts";
import { isObject } from "../outside.ts";
import { brief, readJsonObject } from "./json.ts";

const MOST_SHARDS = 10_000;
const LARGEST_INDEX = 64 * 2 ** 20; // bytes

/**
 * The tensors that each shard holds, from the `weight_map` of the index at `path`; its `total_size` is often wrong in published
 * models and does not count. Each shard must be a file in `folder` itself: an index is untrusted and must not make ftx read
 * other files.
 *
 * @throws {CheckpointError} One sentence.
 */
export async function readIndex(folder: string, path: string): Promise<Map<string, Set<string>>> {
  const wrong = (what: string, remedy = "fetch the model again") =>
    new CheckpointError(`Cannot load "${path}": ${what}; ${remedy}`);
  const json = await readJsonObject(path, { limit: LARGEST_INDEX });
  const map = json.weight_map;
  if (!isObject(map)) throw wrong("it has no weight_map");

  const shards = new Map<string, Set<string>>();
  for (const [name, file] of Object.entries(map)) {
    if (typeof file !== "string" || !isBareName(file)) {
      throw wrong(`its shard ${brief(String(file))} is not the bare name of a .safetensors file`);
    }
    shards.set(file, (shards.get(file) ?? new Set()).add(name));
  }
  if (!shards.size) throw wrong("its weight_map is empty");
  if (shards.size > MOST_SHARDS) throw wrong(`it lists ${shards.size} shards, but at most ${MOST_SHARDS} are read`);
  const absent = missingNumbers([...shards.keys()]);
  if (absent) throw wrong(`it lists no tensor in its shard "${absent}"`);
  for (const file of shards.keys()) await checkShard(folder, file, wrong);
  return shards;
}

/** A name without any folder, on every system. */
const isBareName = (name: string) => /^[^/\\:\0]+\.safetensors$/.test(name) && !name.startsWith("..");

/** The first of `x-00001-of-0000N` … `x-0000N-of-0000N` that is not among `names`, if they follow that pattern. */
function missingNumbers(names: string[]): string | undefined {
  const present = new Set(names);
  for (const name of names) {
    const [, stem, count] = name.match(/^(.*)-\d{5}-of-(\d{5})\.safetensors$/) ?? [];
    if (stem === undefined || Number(count) > MOST_SHARDS) continue;
    for (let i = 1; i <= Number(count); i++) {
      const expected = `${stem}-${String(i).padStart(5, "0")}-of-${count}.safetensors`;
      if (!present.has(expected)) return expected;
    }
    return undefined;
  }
}

async function checkShard(folder: string, file: string, wrong: (what: string, remedy?: string) => Error) {
  const real = await Deno.realPath(`${folder}/${file}`).catch(() => undefined);
  if (real === undefined) throw wrong(`its shard "${file}" is missing`, `fetch "${file}" again`);
  // The cache of the hub keeps files under models--x/blobs and links them from models--x/snapshots/revision.
  const home = await Deno.realPath(folder);
  const cached = basename(dirname(home)) === "snapshots" && dirname(real) === join(home, "..", "..", "blobs");
  if (dirname(real) !== home && !cached) {
    throw wrong(`its shard "${file}" is a link that leaves the model's folder`, `put a copy of "${file}" there`);
  }
}
