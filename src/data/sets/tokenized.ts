import { existsSync, readFileSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DataError, StorageError } from "../../errors.ts";
import { otherThanFile } from "../../outside.ts";
import type { Template } from "../../../templates/mod.ts";
import type { Tokenizer } from "../../tokenizer/mod.ts";
import type { Task } from "../tasks/mod.ts";
import { CACHE_VERSION, hashOf, readStored, writeStored } from "./cache.ts";
import { EncodedSet } from "./set.ts";

/** What a folder of encoded sets, `tokenized_path`, holds, and for what they were encoded. */
interface Index {
  readonly version: number;
  /** Name of the task. */
  readonly task: string;
  /** Fingerprint of the tokenizer. */
  readonly tokenizer: string;
  /** The template that wrote the text, and a hash of it; none where the task uses none. */
  readonly template?: { readonly name: string; readonly hash: string };
  /** The settings that decided the content, by their names in files. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Files, by name of the set. */
  readonly train: string;
  readonly evals: Record<string, string>;
}

interface Sets {
  readonly train: EncodedSet;
  readonly evals: Record<string, EncodedSet>;
}

/** For what sets are encoded. */
export interface Encoded {
  readonly task: Pick<Task, "name" | "usesTemplate">;
  readonly tokenizer: Tokenizer;
  readonly template: Template;
  /** The settings that decide the content, by their names in files. */
  readonly settings: Readonly<Record<string, unknown>>;
}

const INDEX = "tokenized.json";

/**
 * Reads the sets in a folder; nothing if it holds none yet. Throws `DataError` if they are damaged or do not fit.
 *
 * @param onWarning hears which settings are not those that the sets were encoded with
 */
export async function readTokenized(
  folder: string,
  { task, tokenizer, template, settings }: Encoded,
  onWarning?: (sentence: string) => void,
): Promise<(Sets & { tallies?: undefined }) | undefined> {
  const path = join(folder, INDEX);
  if (!existsSync(path)) return undefined;
  const index = readIndex(path, folder);
  if (index.task !== task.name) {
    throw new DataError(
      `Cannot use tokenized_path = "${folder}": its rows were encoded for the task "${index.task}", and this stage needs ` +
        `"${task.name}"; choose another folder`,
    );
  }
  if (index.tokenizer !== tokenizer.fingerprint) {
    throw new DataError(
      `Cannot use tokenized_path = "${folder}": it was encoded with another tokenizer; choose another folder`,
    );
  }
  const wanted = templateOf({ task, template });
  if (index.template?.hash !== wanted?.hash) {
    throw new DataError(
      `Cannot use tokenized_path = "${folder}": it was encoded with the template ${
        quoted(index.template?.name)
      }, and this run ` +
        `uses ${quoted(wanted?.name)}; name that template, or choose another folder`,
    );
  }
  const unused = otherSettings(index.settings, settings);
  if (unused !== "") {
    onWarning?.(
      `tokenized_path = "${folder}" is read as it was encoded, with ${unused}; choose another folder to encode anew`,
    );
  }
  const read = async (file: string) => {
    const stored = await readStored<{ fingerprint: string }>(join(folder, file));
    if (stored !== undefined) return new EncodedSet(stored.documents, stored.rows, stored.facts.fingerprint);
    throw damaged(join(folder, file), folder);
  };
  const evals = new Map<string, EncodedSet>();
  for (const [name, file] of Object.entries(index.evals)) evals.set(name, await read(file));
  return { train: await read(index.train), evals: Object.fromEntries(evals) };
}

/** The template as far as it decides the content. */
function templateOf({ task, template }: Pick<Encoded, "task" | "template">): Index["template"] {
  return task.usesTemplate ? { name: template.name, hash: hashOf(template) } : undefined;
}

/** What a run that names data sets asks for, and the folder has not; a run that names none takes all as it is. */
function otherSettings(kept: Encoded["settings"], wanted: Encoded["settings"]): string {
  if (isUnset(wanted.dataset) && isUnset(wanted.eval_dataset)) return "";
  const differ = Object.keys(wanted).filter((name) => JSON.stringify(kept[name]) !== JSON.stringify(wanted[name]));
  return differ.map((name) => `${name} = ${shown(kept[name])}, not ${shown(wanted[name])}`).join("; ");
}

const shown = (value: unknown) => isUnset(value) ? "unset" : Array.isArray(value) ? value.join(", ") : String(value);
const isUnset = (value: unknown) => value === undefined || (Array.isArray(value) && value.length === 0);
const quoted = (name?: string) => name === undefined ? "none" : `"${name}"`;

function readIndex(path: string, folder: string): Index {
  if (otherThanFile(path) !== undefined) throw damaged(path, folder);
  try {
    const index = JSON.parse(readFileSync(path, "utf8")) as Index;
    if (index.version === CACHE_VERSION) return index;
  } catch { /* it is damaged */ }
  throw damaged(path, folder);
}

function damaged(path: string, folder: string): DataError {
  return new DataError(
    `Cannot read "${path}": it is damaged, or another version of ftx wrote it; delete "${folder}" to encode again`,
  );
}

/** Writes sets into a folder; the index comes last, so a folder that has one is complete. Throws `StorageError`. */
export async function writeTokenized(
  folder: string,
  { train, evals }: Sets,
  { task, tokenizer, template, settings }: Encoded,
): Promise<void> {
  const write = async (file: string, set: EncodedSet) => {
    await writeStored(join(folder, file), { ...set.parts(), facts: { fingerprint: set.fingerprint } });
    return file;
  };
  try {
    await mkdir(folder, { recursive: true });
    const files = new Map<string, string>();
    for (const [i, [name, set]] of Object.entries(evals).entries()) files.set(name, await write(`eval-${i}.bin`, set));
    const index: Index = {
      version: CACHE_VERSION,
      task: task.name,
      tokenizer: tokenizer.fingerprint,
      template: templateOf({ task, template }),
      settings,
      train: await write("train.bin", train),
      evals: Object.fromEntries(files),
    };
    await writeFile(join(folder, `${INDEX}.tmp`), JSON.stringify(index, null, 2) + "\n");
    await rename(join(folder, `${INDEX}.tmp`), join(folder, INDEX));
  } catch (error) {
    throw new StorageError(
      `Cannot write tokenized_path = "${folder}": the system says "${(error as Error).message}"; choose another folder`,
    );
  }
}
