import { existsSync, readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { z } from "zod";
import { DataError } from "../errors.ts";
import { OWN_DATASETS, ownDataset } from "../hub/mod.ts";
import { didYouMean } from "../recipe/nearest.ts";
import { filesOnline, isOnline, type OnlineOptions, remoteFiles } from "./online.ts";
import { KNOWN_DATASETS } from "./known_datasets.ts";
import { filesAt } from "./sources/mod.ts";

const INFO = "dataset_info.json";

const columnNames = [
  "prompt",
  "query",
  "response",
  "history",
  "messages",
  "system",
  "tools",
  "images",
  "videos",
  "audios",
  "chosen",
  "rejected",
  "kto_tag",
] as const;
const tagNames = [
  "role_tag",
  "content_tag",
  "user_tag",
  "assistant_tag",
  "observation_tag",
  "function_tag",
  "system_tag",
] as const;
const text = z.string().nullish();
const named = <T extends readonly string[]>(names: T) =>
  z.strictObject(Object.fromEntries(names.map((name) => [name, text])) as Record<T[number], typeof text>).partial();

/** One entry of dataset_info.json. */
const entrySchema = z.strictObject({
  hf_hub_url: text,
  ms_hub_url: text,
  om_hub_url: text,
  script_url: text,
  cloud_file_name: text,
  file_name: text,
  formatting: z.enum(["alpaca", "sharegpt", "openai"]).default("alpaca"),
  ranking: z.boolean().default(false),
  subset: text,
  split: text,
  folder: text,
  file_sha1: text,
  load_from: text,
  num_samples: z.int().min(1).nullish(),
  columns: named(columnNames).nullish(),
  tags: named(tagNames).nullish(),
});

type Entry = z.output<typeof entrySchema>;

/** Which column holds what. */
export type Columns = Partial<Record<typeof columnNames[number], string>>;
/** How roles are called in lists of messages. */
export type Tags = Record<typeof tagNames[number], string>;

/** A data set by name: its files, and how their rows are read. */
export interface DatasetInfo {
  readonly name: string;
  readonly files: string[];
  /** `detect`: the columns of the first row decide. */
  readonly formatting: "alpaca" | "sharegpt" | "openai" | "detect";
  readonly columns: Columns;
  readonly tags: Tags;
  /** Examples to draw at random; more than there are repeats some. */
  readonly numSamples?: number;
}

/** Names of roles where nothing else is said. */
export const SHAREGPT_TAGS: Tags = {
  role_tag: "from",
  content_tag: "value",
  user_tag: "human",
  assistant_tag: "gpt",
  observation_tag: "observation",
  function_tag: "function_call",
  system_tag: "system",
};

/** OpenAI's names. LLaMA-Factory needs them written out; here they are what `formatting: openai` means. */
export const OPENAI_TAGS: Tags = {
  role_tag: "role",
  content_tag: "content",
  user_tag: "user",
  assistant_tag: "assistant",
  observation_tag: "tool",
  function_tag: "function_call",
  system_tag: "system",
};

/**
 * Finds a data set: a name in `datasetDir`/dataset_info.json; a file or folder, tried as given and under `datasetDir`;
 * `ftx-docker`, which comes with ftx; a name of `KNOWN_DATASETS`, or `org/name[@revision]`, at the hub, whose files are
 * downloaded if they are not in the cache.
 * Throws `DataError` with what is nearest, and `NetworkError`.
 */
export async function findDataset(name: string, datasetDir: string, options: OnlineOptions = {}): Promise<DatasetInfo> {
  const detected = { name, formatting: "detect", columns: {}, tags: SHAREGPT_TAGS } as const;
  const online = async (id = name) => ({ ...detected, files: await filesOnline(name, { id, options }) });
  if (datasetDir === "ONLINE") return await online();
  const isRemote = datasetDir.startsWith("REMOTE:");
  const entries = isRemote
    ? readInfo((await remoteFiles(datasetDir, INFO, options))[0])
    : readInfo(join(datasetDir, INFO));
  if (Object.hasOwn(entries, name)) return await readEntry(name, entries[name], datasetDir, options);
  const path = [name, join(datasetDir, name)].find((candidate) => existsSync(candidate)) ?? ownDataset(name);
  if (path !== undefined) return { ...detected, files: filesAt(path) };
  const listed = existsSync(join(datasetDir, INFO)); // a list of one's own says all
  if (!listed && Object.hasOwn(KNOWN_DATASETS, name)) return await online(KNOWN_DATASETS[name]);
  if (isOnline(name)) return await online();
  throw unknown(name, Object.keys(entries), datasetDir);
}

function unknown(name: string, names: string[], datasetDir: string): DataError {
  const path = join(datasetDir, INFO), listed = existsSync(path);
  const so = listed
    ? `it is neither a file nor a name in "${path}"`
    : `there is no such file, and no "${path}" that could name it`;
  const meant = didYouMean(name, [...names, ...OWN_DATASETS, ...listed ? [] : Object.keys(KNOWN_DATASETS)]);
  const some = names.slice(0, 8).join(", ") + (names.length > 8 ? " …" : "");
  const advice = meant !== ""
    ? meant
    : names.length === 0
    ? "; check the path, or give org/name at the hub"
    : ` (${some}); check the path`;
  return new DataError(`Cannot find dataset "${name}": ${so}${advice}`);
}

function readInfo(path: string): Record<string, unknown> {
  if (!existsSync(path)) return {};
  try {
    const value = JSON.parse(readFileSync(path, "utf8").replace(/^\ufeff/, ""));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch (error) {
    throw new DataError(`Cannot read "${path}": it is not JSON (${(error as Error).message}); mend it`);
  }
  throw new DataError(`Cannot read "${path}": it holds no object; write {"name": {"file_name": …}}`);
}

async function readEntry(
  name: string,
  value: unknown,
  datasetDir: string,
  options: OnlineOptions,
): Promise<DatasetInfo> {
  const parsed = entrySchema.safeParse(value);
  if (!parsed.success) throw wrongEntry(name, parsed.error);
  const entry = parsed.data;
  if (entry.ranking || entry.columns?.kto_tag) {
    throw new DataError(
      `Cannot load dataset "${name}": it holds preferences, and ftx trains on those in a later version; use another`,
    );
  }
  return {
    name,
    files: await filesOf(name, entry, datasetDir, options),
    formatting: entry.formatting,
    columns: given(entry.columns),
    // Tags that are not listed keep their defaults: naming one must not lose the others.
    tags: { ...(entry.formatting === "openai" ? OPENAI_TAGS : SHAREGPT_TAGS), ...given(entry.tags) },
    numSamples: entry.num_samples ?? undefined,
  };
}

/** The files of an entry: those on this disk where it names some that are there, else those of the hub. */
async function filesOf(name: string, entry: Entry, datasetDir: string, options: OnlineOptions): Promise<string[]> {
  const { file_name: file, hf_hub_url: hub, subset, split, folder } = entry;
  const isRemote = datasetDir.startsWith("REMOTE:");
  const path = !file ? undefined : isAbsolute(file) ? file : join(datasetDir, file);
  if (hub && (path === undefined || isRemote || !existsSync(path))) {
    const part = { subset: subset ?? undefined, split: split ?? undefined, folder: folder ?? undefined };
    return await filesOnline(name, { id: hub, part, options });
  }
  if (file && isRemote) return await remoteFiles(datasetDir, file, options);
  if (path !== undefined) return filesAt(path);
  const elsewhere = entry.ms_hub_url ?? entry.om_hub_url ?? entry.script_url ?? entry.cloud_file_name;
  throw new DataError(
    elsewhere
      ? `Cannot load dataset "${name}": it is at "${elsewhere}", and ftx downloads from Hugging Face's hub only; ` +
        "give hf_hub_url, or download its files and give file_name"
      : `Cannot load dataset "${name}": dataset_info.json gives it neither file_name nor hf_hub_url; add one`,
  );
}

function given<K extends string>(values: Partial<Record<K, string | null | undefined>> | null | undefined) {
  return Object.fromEntries(Object.entries(values ?? {}).filter(([, value]) => value)) as Partial<Record<K, string>>;
}

function wrongEntry(name: string, error: z.ZodError): DataError {
  const issue = error.issues[0];
  const path = [...issue.path];
  if (issue.code === "unrecognized_keys") path.push(issue.keys[0]);
  const key = path.join(".");
  const known = path.at(-2) === "columns" ? columnNames : path.at(-2) === "tags" ? tagNames : entryKeys;
  const why = issue.code === "unrecognized_keys"
    ? `this key is not known${didYouMean(String(path.at(-1)), known) || `; use ${known.join(", ")}`}`
    : `${issue.message.toLowerCase()}; mend it`;
  return new DataError(`Cannot load dataset "${name}": dataset_info.json has ${key}: ${why}`);
}

const entryKeys = Object.keys(entrySchema.shape);
