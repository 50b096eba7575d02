import { z } from "zod";
import { DataError } from "../../errors.ts";
import { didYouMean } from "../../settings/nearest.ts";

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
  num_samples: z.int().min(1).nullish(),
  columns: named(columnNames).nullish(),
  tags: named(tagNames).nullish(),
});

/** An entry whose keys and values are known. */
export type Entry = z.output<typeof entrySchema>;

/** Which column holds what. */
export type Columns = Partial<Record<typeof columnNames[number], string>>;
/** The names of roles and fields in lists of messages. */
export type Tags = Record<typeof tagNames[number], string>;

/** ShareGPT's names: those of roles and fields that an entry does not name. */
export const SHAREGPT_TAGS: Tags = {
  role_tag: "from",
  content_tag: "value",
  user_tag: "human",
  assistant_tag: "gpt",
  observation_tag: "observation",
  function_tag: "function_call",
  system_tag: "system",
};

/** OpenAI's names, which `formatting: openai` stands for. LLaMA-Factory needs them written out. */
export const OPENAI_TAGS: Tags = {
  role_tag: "role",
  content_tag: "content",
  user_tag: "user",
  assistant_tag: "assistant",
  observation_tag: "tool",
  function_tag: "function_call",
  system_tag: "system",
};

/** Checks an entry of dataset_info.json. Throws `DataError` that names the key that is wrong. */
export function parseEntry(name: string, value: unknown): Entry {
  const parsed = entrySchema.safeParse(value);
  if (parsed.success) {
    checkUse(name, parsed.data);
    return parsed.data;
  }
  const issue = parsed.error.issues[0];
  const path = [...issue.path];
  if (issue.code === "unrecognized_keys") path.push(issue.keys[0]);
  const known = path.at(-2) === "columns" ? columnNames : path.at(-2) === "tags" ? tagNames : entryKeys;
  throw wrong(
    name,
    path.join("."),
    issue.code === "unrecognized_keys"
      ? `this key is not known${didYouMean(String(path.at(-1)), known) || `; use ${known.join(", ")}`}`
      : `it must be ${wanted(issue)}; correct it`,
  );
}

const TYPES: Readonly<Partial<Record<string, string>>> = {
  string: "text",
  boolean: "true or false",
  int: "a whole number",
  number: "a whole number",
};

function wanted(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_value") return issue.values.join(" or ");
  if (issue.code === "too_small") return `at least ${issue.minimum}`;
  return TYPES[issue.code === "invalid_type" ? issue.expected : ""] ?? "an object";
}

/** Throws `DataError` for preferences, and for a key that the rest of the entry leaves without a use. */
function checkUse(name: string, entry: Entry): void {
  const columns = given(entry.columns), tags = given(entry.tags), isAlpaca = entry.formatting === "alpaca";
  if (entry.ranking || columns.kto_tag || columns.chosen || columns.rejected) {
    throw new DataError(
      `Cannot load dataset "${name}": it holds preferences, ${NO_PREFERENCES}`,
    );
  }
  const lost = Object.keys(columns).find((key) => (isAlpaca ? LIST_COLUMNS : PAIR_COLUMNS).includes(key));
  if (lost !== undefined) {
    const instead = isAlpaca ? 'set formatting = "sharegpt" or "openai"' : "name the list in columns.messages";
    throw wrong(
      name,
      `columns.${lost}`,
      `formatting = "${entry.formatting}" does not read it; ${instead}, or leave it out`,
    );
  }
  if (isAlpaca && Object.keys(tags).length > 0) {
    const why = 'formatting = "alpaca" has no roles; set formatting = "sharegpt" or "openai", or leave it out';
    throw wrong(name, `tags.${Object.keys(tags)[0]}`, why);
  }
  checkDifferent(name, "columns", columns);
  const { role_tag, content_tag, ...roles } = { ...tagsOf(entry.formatting), ...tags };
  checkDifferent(name, "tags", { role_tag, content_tag });
  checkDifferent(name, "tags", roles);
  const part = (["subset", "folder", "split"] as const).find((key) => entry[key] && entry[key] !== WHOLE[key]);
  if (part !== undefined && entry.file_name && !entry.hf_hub_url) {
    throw wrong(name, part, "it chooses a part of a data set at the hub, and file_name is a file; leave it out");
  }
}

/** Why data of preferences cannot be used. */
export const NO_PREFERENCES = "and this version of ftx cannot train on those; use another data set";

const LIST_COLUMNS = ["messages"];
const PAIR_COLUMNS = ["prompt", "query", "response", "history"];
const WHOLE: Record<string, string> = { split: "train" }; // what a file on this disk counts as

/** Two keys of one value would read a column twice, or leave a role without a name. */
function checkDifferent(name: string, group: string, values: Record<string, string | undefined>): void {
  const entries = Object.entries(values);
  for (const [i, [key, value]] of entries.entries()) {
    const twin = entries.slice(0, i).find(([, other]) => other === value);
    if (twin === undefined) continue;
    throw wrong(name, `${group}.${key}`, `it is "${value}", as ${twin[0]} is; each needs a name of its own`);
  }
}

function wrong(name: string, key: string, why: string): DataError {
  const where = key === "" ? "in dataset_info.json" : `dataset_info.json has ${key}:`;
  return new DataError(`Cannot load dataset "${name}": ${where} ${why}`);
}

/** The tags that an entry need not write out. */
export function tagsOf(formatting: Entry["formatting"]): Tags {
  return formatting === "openai" ? OPENAI_TAGS : SHAREGPT_TAGS;
}

const entryKeys = Object.keys(entrySchema.shape);

/** The columns and tags that an entry names; keys without a value are left out. */
export function given<K extends string>(
  values: Partial<Record<K, string | null | undefined>> | null | undefined,
): Partial<Record<K, string>> {
  return Object.fromEntries(Object.entries(values ?? {}).filter(([, value]) => value)) as Partial<Record<K, string>>;
}
