import { CheckpointError } from "../errors.ts";
import { bytesOf } from "./dtype.ts";
import { refuseOtherFormats } from "./formats.ts";
import type { TensorEntry } from "./header.ts";
import { readIndex } from "./index.ts";
import { brief } from "./json.ts";
import { readHeader } from "./read.ts";

/** Where a tensor is stored: `start` and `end` count from the beginning of `file`. */
export interface TensorPlace extends TensorEntry {
  file: string;
}

/** The weight files of a folder, checked, with no tensor read yet. */
export interface WeightFiles {
  tensors: Map<string, TensorPlace>;
  /** Paths, in the order of their names. */
  files: string[];
  /** Bytes of all tensors together. */
  bytes: number;
  /** Of the first file: usually `{ format: "pt" }`. */
  metadata: Record<string, string>;
  /** Sentences about what was ignored. */
  notes: string[];
}

/**
 * Finds the tensors of `<stem>.safetensors`, or of the shards that `<stem>.safetensors.index.json` lists.
 *
 * @throws {CheckpointError} There are none, they are in an unsupported format, or a file is malformed.
 */
export async function openWeights(folder: string, stem = "model"): Promise<WeightFiles> {
  const single = `${folder}/${stem}.safetensors`;
  if (await exists(single)) {
    const { tensors, metadata, notes } = await readHeader(single);
    const places = [...tensors].map(([name, entry]) => [name, { ...entry, file: single }] as const);
    if (await exists(`${single}.index.json`)) notes.push(`"${single}.index.json" is ignored: "${single}" is read`);
    return { tensors: new Map(places), files: [single], bytes: total(tensors.values()), metadata, notes };
  }
  const index = `${single}.index.json`;
  if (await exists(index)) return await openShards(folder, index);
  await refuseOtherFormats(folder, stem);
  throw new CheckpointError(
    `Cannot load "${folder}": it has no ${stem}.safetensors; check that it was copied completely`,
  );
}

async function openShards(folder: string, path: string): Promise<WeightFiles> {
  const shards = await readIndex(folder, path);
  const wrong = (what: string) => new CheckpointError(`Cannot load "${path}": ${what}; fetch the model again`);
  const tensors = new Map<string, TensorPlace>();
  const files: string[] = [];
  const notes: string[] = [];
  let metadata: Record<string, string> = {};
  for (const [file, listed] of [...shards].sort(([a], [b]) => a < b ? -1 : 1)) {
    const header = await readHeader(`${folder}/${file}`);
    for (const name of listed) {
      if (!header.tensors.has(name)) {
        throw wrong(`it lists tensor ${brief(name)} in "${file}", which does not have it`);
      }
    }
    for (const [name, entry] of header.tensors) {
      const first = tensors.get(name)?.file;
      if (first) {
        throw wrong(`tensor ${brief(name)} is in "${first.slice(folder.length + 1)}" and in "${file}"`);
      }
      if (!listed.has(name)) throw wrong(`it does not list tensor ${brief(name)} of "${file}"`);
      tensors.set(name, { ...entry, file: `${folder}/${file}` });
    }
    if (!files.length) metadata = header.metadata;
    files.push(`${folder}/${file}`);
    notes.push(...header.notes);
  }
  return { tensors, files, bytes: total(tensors.values()), metadata, notes };
}

const total = (entries: Iterable<TensorEntry>) =>
  [...entries].reduce((sum, { dtype, shape }) => sum + bytesOf(dtype, shape), 0);

/** False only if there is certainly nothing at `path`. Other failures are left to the read that follows. */
export const exists = (path: string) =>
  Deno.stat(path).then(() => true, (error) => !(error instanceof Deno.errors.NotFound));
