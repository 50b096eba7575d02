/** Rows from files, whatever their type. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { DataError } from "../../errors.ts";
import { otherThanFile } from "../../outside.ts";
import { readCsv } from "./csv.ts";
import { readJson, readJsonLines } from "./json.ts";
import { readParquet } from "./parquet.ts";
import type { Row } from "./row.ts";
import { readText } from "./text.ts";

export type { Row } from "./row.ts";

type Reader = (path: string) => AsyncGenerator<Row>;

/** Readers, by the end of a file's name. `.gz` may follow, except after parquet. */
const READERS: Record<string, Reader> = {
  json: readJson,
  jsonl: readJsonLines,
  ndjson: readJsonLines,
  csv: readCsv,
  tsv: readCsv,
  parquet: readParquet,
  txt: readText,
};

/** The files at a path: the file itself, or the data files in that folder, sorted by name. Throws `DataError`. */
export function filesAt(path: string): string[] {
  if (!existsSync(path)) throw new DataError(`Cannot read "${path}": there is no such file or folder; check its name`);
  if (!statSync(path).isDirectory()) {
    refuseOther(path);
    if (typeOf(path) === undefined) throw unknownType(path);
    return [path];
  }
  const names = readdirSync(path).filter((name) => isData(name)).sort();
  const types = new Set(names.map((name) => READERS[typeOf(name)!]));
  if (names.length === 0) {
    throw new DataError(`Cannot read "${path}": the folder has no data files (${Object.keys(READERS).join(", ")})`);
  }
  if (types.size > 1) {
    throw new DataError(
      `Cannot read "${path}": the folder has files of several types (${names.slice(0, 4).join(", ")}); ` +
        "keep one type, or name a file",
    );
  }
  const paths = names.map((name) => join(path, name));
  paths.forEach(refuseOther);
  return paths;
}

/** Throws `DataError` for a pipe or a device, which may never end. */
function refuseOther(path: string): void {
  const kind = otherThanFile(path);
  if (kind !== undefined) throw new DataError(`Cannot read "${path}": it is ${kind}; save its data as a file`);
}

/** Rows of files, one file after another. */
export async function* readRows(files: string[]): AsyncGenerator<Row> {
  for (const file of files) yield* READERS[typeOf(file)!](file);
}

/** dataset_info.json describes data and holds none. */
function isData(name: string): boolean {
  return !name.startsWith(".") && name !== "dataset_info.json" && typeOf(name) !== undefined;
}

function typeOf(path: string): string | undefined {
  const parts = basename(path).toLowerCase().replace(/(?<!\.parquet)\.gz$/, "").split(".");
  const type = parts.length < 2 ? undefined : parts.at(-1)!;
  return type !== undefined && Object.hasOwn(READERS, type) ? type : undefined;
}

function unknownType(path: string): DataError {
  const remedy = path.endsWith(".arrow")
    ? "save it as parquet (datasets: to_parquet)"
    : `use one of ${Object.keys(READERS).map((type) => `.${type}`).join(", ")}`;
  return new DataError(`Cannot read "${path}": ftx does not read this type of file; ${remedy}`);
}
