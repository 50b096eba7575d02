import { matchesGlob } from "node:path";
import { parse } from "yaml";
import { DataError } from "../errors.ts";
import { own } from "../outside.ts";
import type { Choose } from "./snapshot.ts";

/** The wanted part of a data set, in LLaMA-Factory's terms. */
export interface Part {
  /** A configuration of the data set, or a folder of it. */
  readonly subset?: string;
  /** Default `train`. */
  readonly split?: string;
  /** The folder of its files. */
  readonly folder?: string;
}

/** Types of files with examples, best first: among types with equally many files, the first is used. */
const TYPES = ["parquet", "jsonl", "json", "csv", "tsv", "ndjson", "txt"];
const ABOUT =
  /(^|\/)(dataset_infos?|package|package-lock|tokenizer.*|config|generation_config)\.json$|(^|\/)(requirements|license)\.txt$/i;

/** What file names call the splits. */
const SPLITS: Readonly<Record<string, string>> = {
  train: "train(ing)?",
  validation: "validation|valid|val|dev",
  test: "test(ing)?|eval(uation)?",
};

/**
 * Chooses the files of a split as the `datasets` library does: those that the front matter of the README names (`configs`);
 * or else those with the split's name in their path; or else, for `train`, all of them.
 */
export function chooseDatasetFiles(name: string, { subset, split = "train", folder }: Part = {}): Choose {
  return async (files, read) => {
    if (!/^\w[\w.-]*$/.test(split)) {
      throw new DataError(
        `Cannot load dataset "${name}": split = "${split}" is not the name of a split; take a part of one with max_samples`,
      );
    }
    const data = files.map(({ path }) => path).filter(isData);
    const card = files.some(({ path }) => path === "README.md") ? configsOf(await read("README.md")) : [];
    const config = configOf(name, card, subset);
    const below = joined(folder ?? config?.dataDir ?? (config === undefined ? subset : undefined));
    const within = data.filter((path) =>
      path.startsWith(below) || config === undefined && folder === undefined && isNamed(path, subset)
    );
    if (within.length === 0) throw nothing(name, files.map(({ path }) => path), data, below, subset);
    const declared = config?.dataFiles.filter((part) => part.split === split) ?? [];
    if (config !== undefined && config.dataFiles.length > 0 && declared.length === 0) {
      throw noSplit(name, split, config.dataFiles.map((part) => part.split));
    }
    const matched = declared.length > 0
      ? within.filter((path) =>
        declared.some(({ pattern }) => matchesGlob(path, below + pattern) || path === below + pattern)
      )
      : bySplit(name, within, below, split);
    if (matched.length === 0) {
      throw new DataError(
        `Cannot load dataset "${name}": its README names ${
          declared[0].pattern
        }, which is missing; choose another revision`,
      );
    }
    return ofOneType(matched);
  };
}

const isData = (path: string) => typeOf(path) !== undefined && !ABOUT.test(path) && !/(^|\/)[._]/.test(path);

function typeOf(path: string): string | undefined {
  const type = /\.(\w+)(?:\.gz)?$/.exec(path.toLowerCase())?.[1];
  return TYPES.find((known) => known === type);
}

const joined = (folder: string | undefined) => folder ? `${folder.replace(/^\.?\/+|\/+$/g, "")}/` : "";

const isNamed = (path: string, subset: string | undefined) =>
  subset !== undefined && path.split("/").at(-1)!.split(".")[0] === subset;

interface Config {
  name: string;
  isDefault: boolean;
  dataDir?: string;
  dataFiles: { split: string; pattern: string }[];
}

/** The `configs` in a README's front matter; empty if there are none, or the front matter is broken. */
function configsOf(readme: string): Config[] {
  const text = /^---\r?\n([^]*?)\r?\n---/.exec(readme)?.[1];
  let configs: unknown;
  try {
    configs = text === undefined ? undefined : parse(text)?.configs;
  } catch {
    return [];
  }
  return (Array.isArray(configs) ? configs : []).filter((config) => typeof config?.config_name === "string").map((
    config,
  ) => ({
    name: config.config_name,
    isDefault: config.default === true || config.config_name === "default",
    dataDir: typeof config.data_dir === "string" ? config.data_dir : undefined,
    dataFiles: patternsOf(config.data_files),
  }));
}

/** `data_files`: a pattern, a list of them, or a list of `{ split, path }` where a path may be a list too. */
function patternsOf(value: unknown, split = "train"): Config["dataFiles"] {
  if (typeof value === "string") return [{ split, pattern: value }];
  if (Array.isArray(value)) return value.flatMap((one) => patternsOf(one, split));
  if (typeof value !== "object" || value === null) return [];
  const { path, split: own } = value as { path?: unknown; split?: unknown };
  return patternsOf(path, String(own ?? split));
}

function configOf(name: string, configs: Config[], subset: string | undefined): Config | undefined {
  if (configs.length === 0) return undefined;
  const names = configs.map((config) => config.name);
  if (subset !== undefined) {
    const found = configs.find((config) => config.name === subset);
    if (found === undefined) {
      throw new DataError(`Cannot load dataset "${name}": it has no subset "${subset}"; choose one of ${some(names)}`);
    }
    return found;
  }
  const usual = configs.length === 1 ? configs[0] : configs.find((config) => config.isDefault);
  if (usual === undefined) {
    throw new DataError(
      `Cannot load dataset "${name}": it has the subsets ${some(names)}; choose one with subset in dataset_info.json`,
    );
  }
  return usual;
}

function bySplit(name: string, paths: string[], below: string, split: string): string[] {
  const matches = (word: string) => {
    const pattern = new RegExp(`(^|[/._\\s-])(${word})([/._\\s\\d-]|$)`, "i");
    return paths.filter((path) => pattern.test(path.slice(below.length)));
  };
  const found = matches(own(SPLITS, split) ?? split.replace(/[.]/g, "\\."));
  if (found.length > 0) return found;
  const others = Object.keys(SPLITS).filter((other) => other !== split && matches(SPLITS[other]).length > 0);
  const unnamed = paths.filter((path) => !others.some((other) => matches(SPLITS[other]).includes(path)));
  if (split === "train" && unnamed.length > 0) return unnamed;
  throw noSplit(name, split, others.length > 0 ? others : ["train"]);
}

/** The files of one type, the most frequent: data sets often come in several. */
function ofOneType(paths: string[]): string[] {
  const count = (type: string) => paths.filter((path) => typeOf(path) === type).length;
  const best = TYPES.reduce((best, type) => count(type) > count(best) ? type : best);
  return paths.filter((path) => typeOf(path) === best).sort();
}

function noSplit(name: string, split: string, has: string[]): DataError {
  return new DataError(
    `Cannot load dataset "${name}": it has no split "${split}"; choose one of ${
      some([...new Set(has)])
    } with split in ` +
      "dataset_info.json",
  );
}

function nothing(name: string, all: string[], data: string[], below: string, subset: string | undefined): DataError {
  if (data.length > 0) {
    const folders = [...new Set(data.filter((path) => path.includes("/")).map((path) => path.split("/")[0]))];
    const what = subset !== undefined && below === `${subset}/`
      ? `subset "${subset}"`
      : `data in the folder "${below.slice(0, -1)}"`;
    return new DataError(
      `Cannot load dataset "${name}": it has no ${what}${folders.length > 0 ? `; choose one of ${some(folders)}` : ""}`,
    );
  }
  if (all.some((path) => /^[^/]+\.py$/.test(path))) {
    return new DataError(
      `Cannot load dataset "${name}": a Python script makes it, which ftx does not run; ` +
        `try "${name}@refs/convert/parquet", where the hub keeps what such scripts made`,
    );
  }
  return new DataError(`Cannot load dataset "${name}": it has no data files (${TYPES.join(", ")}); use another one`);
}

const some = (names: readonly string[]) => names.slice(0, 8).join(", ") + (names.length > 8 ? " …" : "");
