import { existsSync, readFileSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DataError, StorageError } from "../errors.ts";
import type { Tokenizer } from "../tokenizer/mod.ts";
import { readStored, writeStored } from "./cache.ts";
import { EncodedSet } from "./set.ts";

/** Encoded sets in a folder of the user's own: `tokenized_path`. */
interface Index {
  readonly tokenizer: string;
  readonly train: string;
  readonly evals: Record<string, string>;
}

interface Sets {
  readonly train: EncodedSet;
  readonly evals: Record<string, EncodedSet>;
}

const INDEX = "tokenized.json";

/** Reads the sets in a folder; nothing if it holds none yet. Throws `DataError` if they are broken or another tokenizer's. */
export async function readTokenized(
  folder: string,
  tokenizer: Tokenizer,
): Promise<(Sets & { tallies?: undefined }) | undefined> {
  const path = join(folder, INDEX);
  if (!existsSync(path)) return undefined;
  const index = JSON.parse(readFileSync(path, "utf8")) as Index;
  if (index.tokenizer !== tokenizer.fingerprint) {
    throw new DataError(
      `Cannot use tokenized_path = "${folder}": it was encoded with another tokenizer; choose another folder`,
    );
  }
  const read = async (file: string) => {
    const stored = await readStored<{ fingerprint: string }>(join(folder, file));
    if (stored?.rows !== undefined) return new EncodedSet(stored.documents, stored.rows, stored.facts.fingerprint);
    throw new DataError(`Cannot read "${join(folder, file)}": it is not whole; delete "${folder}" to encode anew`);
  };
  const evals: Record<string, EncodedSet> = {};
  for (const [name, file] of Object.entries(index.evals)) evals[name] = await read(file);
  return { train: await read(index.train), evals };
}

/** Writes sets into a folder; the index comes last, so a folder that has one is whole. Throws `StorageError`. */
export async function writeTokenized(folder: string, { train, evals }: Sets, tokenizer: Tokenizer): Promise<void> {
  const write = async (file: string, set: EncodedSet) => {
    await writeStored(join(folder, file), { ...set.parts(), facts: { fingerprint: set.fingerprint } });
    return file;
  };
  try {
    await mkdir(folder, { recursive: true });
    const files: Record<string, string> = {};
    for (const [i, [name, set]] of Object.entries(evals).entries()) files[name] = await write(`eval-${i}.bin`, set);
    const index: Index = { tokenizer: tokenizer.fingerprint, train: await write("train.bin", train), evals: files };
    await writeFile(join(folder, `${INDEX}.tmp`), JSON.stringify(index, null, 2) + "\n");
    await rename(join(folder, `${INDEX}.tmp`), join(folder, INDEX));
  } catch (error) {
    throw new StorageError(
      `Cannot write tokenized_path = "${folder}": the system says "${(error as Error).message}"; choose another folder`,
    );
  }
}
