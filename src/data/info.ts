import { existsSync, readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { z } from "zod";
import { DataError, RecipeError } from "../errors.ts";
import { didYouMean } from "../recipe/nearest.ts";
import { filesAt } from "./sources/mod.ts";

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
 * Finds a data set: a name in `datasetDir`/dataset_info.json, or a file or folder, tried as given and under `datasetDir`.
 * Throws `DataError` with what is nearest.
 */
export function findDataset(name: string, datasetDir: string): DatasetInfo {
  if (/^(ONLINE$|REMOTE:)/.test(datasetDir)) {
    throw new RecipeError(
      `Cannot use dataset_dir = "${datasetDir}": ftx cannot download data sets yet; download them and name their folder`,
    );
  }
  const entries = readInfo(datasetDir);
  if (Object.hasOwn(entries, name)) return readEntry(name, entries[name], datasetDir);
  const path = [name, join(datasetDir, name)].find((candidate) => existsSync(candidate));
  if (path !== undefined) {
    return { name, files: filesAt(path), formatting: "detect", columns: {}, tags: SHAREGPT_TAGS };
  }
  throw unknown(name, Object.keys(entries), datasetDir);
}

function unknown(name: string, names: string[], datasetDir: string): DataError {
  const path = join(datasetDir, "dataset_info.json");
  const so = existsSync(path)
    ? `it is neither a file nor a name in "${path}"`
    : `there is no such file, and no "${path}" that could name it`;
  const meant = didYouMean(name, names);
  const some = names.slice(0, 8).join(", ") + (names.length > 8 ? " …" : "");
  const advice = meant !== "" ? meant : names.length === 0 ? "; check the path" : ` (${some}); check the path`;
  return new DataError(`Cannot find dataset "${name}": ${so}${advice}`);
}

function readInfo(datasetDir: string): Record<string, unknown> {
  const path = join(datasetDir, "dataset_info.json");
  if (!existsSync(path)) return {};
  try {
    const value = JSON.parse(readFileSync(path, "utf8").replace(/^\ufeff/, ""));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch (error) {
    throw new DataError(`Cannot read "${path}": it is not JSON (${(error as Error).message}); mend it`);
  }
  throw new DataError(`Cannot read "${path}": it holds no object; write {"name": {"file_name": …}}`);
}

function readEntry(name: string, value: unknown, datasetDir: string): DatasetInfo {
  const parsed = entrySchema.safeParse(value);
  if (!parsed.success) throw wrongEntry(name, parsed.error);
  const entry = parsed.data;
  const online = entry.hf_hub_url ?? entry.ms_hub_url ?? entry.om_hub_url ?? entry.script_url ?? entry.cloud_file_name;
  const file = entry.file_name;
  if (online && !file) {
    throw new DataError(
      `Cannot load dataset "${name}": it is online at "${online}" and ftx cannot download data sets yet; ` +
        "download its files and give file_name",
    );
  }
  if (!file) throw new DataError(`Cannot load dataset "${name}": dataset_info.json gives it no file_name; add one`);
  if (entry.ranking || entry.columns?.kto_tag) {
    throw new DataError(
      `Cannot load dataset "${name}": it holds preferences, and ftx trains on those in a later version; use another`,
    );
  }
  return {
    name,
    files: filesAt(isAbsolute(file) ? file : join(datasetDir, file)),
    formatting: entry.formatting,
    columns: given(entry.columns),
    // Tags that are not listed keep their defaults: naming one must not lose the others.
    tags: { ...(entry.formatting === "openai" ? OPENAI_TAGS : SHAREGPT_TAGS), ...given(entry.tags) },
    numSamples: entry.num_samples ?? undefined,
  };
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
