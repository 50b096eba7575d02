import { existsSync, readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { DataError } from "../../errors.ts";
import { OWN_DATASETS, ownDataset, type Part } from "../../hub/mod.ts";
import { otherThanFile } from "../../outside.ts";
import { whyNotJson } from "../../safetensors/mod.ts";
import { didYouMean } from "../../settings/nearest.ts";
import type { DataSettings } from "../settings.ts";
import { filesAt } from "../sources/mod.ts";
import { type Columns, type Entry, given, parseEntry, SHAREGPT_TAGS, type Tags, tagsOf } from "./entry.ts";
import { filesOnline, isOnline, KNOWN_DATASETS, type OnlineOptions, remoteFiles, repositoryOf } from "./online.ts";

const INFO = "dataset_info.json";

/** A data set that was found: its files, and how their rows are read. */
export interface DatasetInfo {
  readonly name: string;
  readonly files: string[];
  /** `detect`: the columns of the first row decide. */
  readonly formatting: "alpaca" | "sharegpt" | "openai" | "detect";
  readonly columns: Columns;
  readonly tags: Tags;
  /** Examples to draw at random; more than there are repeats some. */
  readonly numSamples?: number;
  /** What the SHA-1 of its only file should be. */
  readonly sha1?: string;
}

/**
 * Finds a data set. A name is looked up, in this order, in `datasetDir`/dataset_info.json; as a file or folder, as given and
 * under `datasetDir`; as `ftx-docker`, which comes with ftx; in `KNOWN_DATASETS`; as `org/name[@revision]` at the hub. Files
 * at the hub are downloaded if they are not in the cache.
 *
 * Throws `DataError` with the nearest name, and `NetworkError`.
 */
export async function findDataset(name: string, datasetDir: string, options: OnlineOptions = {}): Promise<DatasetInfo> {
  const entries = datasetDir.startsWith("REMOTE:")
    ? readInfo((await remoteFiles(datasetDir, INFO, options))[0])
    : datasetDir === "ONLINE"
    ? {}
    : readInfo(join(datasetDir, INFO));
  const { place, ...info } = whereIs(name, datasetDir, entries);
  return { ...info, files: await filesOf(name, place, options) };
}

/**
 * Checks the names of a run's data sets as `findDataset` does, as far as that needs no hub: what is wrong with a name, its
 * entry or its files here is an error now, and not after a model was downloaded.
 */
export function checkDatasets(
  { dataset, evalDataset, datasetDir, tokenizedPath }: Pick<
    DataSettings,
    "dataset" | "evalDataset" | "datasetDir" | "tokenizedPath"
  >,
): void {
  if (datasetDir.startsWith("REMOTE:")) return; // the list of names is at the hub
  if (tokenizedPath !== undefined && existsSync(tokenizedPath)) return; // nothing else is read
  for (const name of [...dataset, ...evalDataset]) {
    const { place } = whereIs(name, datasetDir, datasetDir === "ONLINE" ? {} : readInfo(join(datasetDir, INFO)));
    if ("id" in place) repositoryOf(name, place.id);
  }
}

/** Where the files of a data set are: on this disk, at the hub, or in the data set that `dataset_dir` names. */
type Place = { files: string[] } | { id: string; part?: Part } | { dir: string; path: string };

function whereIs(
  name: string,
  datasetDir: string,
  entries: Record<string, unknown>,
): Omit<DatasetInfo, "files"> & { place: Place } {
  const detected = (place: Place) => ({ name, formatting: "detect", columns: {}, tags: SHAREGPT_TAGS, place }) as const;
  if (datasetDir === "ONLINE") return detected({ id: name });
  if (Object.hasOwn(entries, name)) return readEntry(name, entries[name], datasetDir);
  const path = [name, join(datasetDir, name)].find((candidate) => existsSync(candidate)) ?? ownDataset(name);
  if (path !== undefined) return detected({ files: filesAt(path) });
  const listed = existsSync(join(datasetDir, INFO)); // a user's own list is the whole list
  if (!listed && Object.hasOwn(KNOWN_DATASETS, name)) return detected({ id: KNOWN_DATASETS[name] });
  if (isOnline(name)) return detected({ id: name });
  throw unknown(name, Object.keys(entries), datasetDir);
}

async function filesOf(name: string, place: Place, options: OnlineOptions): Promise<string[]> {
  if ("files" in place) return place.files;
  if ("dir" in place) return await remoteFiles(place.dir, place.path, options);
  return await filesOnline(name, { ...place, options });
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
  const kind = otherThanFile(path);
  if (kind !== undefined) throw new DataError(`Cannot read "${path}": it is ${kind}; write a JSON file in its place`);
  const text = readFileSync(path, "utf8").replace(/^\ufeff/, "");
  try {
    const value = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    throw new DataError(`Cannot read "${path}": it is not JSON (${whyNotJson(text)}); correct it`);
  }
  throw new DataError(`Cannot read "${path}": it is not an object; write {"name": {"file_name": …}}`);
}

function readEntry(
  name: string,
  value: unknown,
  datasetDir: string,
): Omit<DatasetInfo, "files"> & { place: Place } {
  const entry = parseEntry(name, value);
  return {
    name,
    place: placeOf(name, entry, datasetDir),
    formatting: entry.formatting,
    columns: given(entry.columns),
    // Tags that the entry does not name keep their defaults.
    tags: { ...tagsOf(entry.formatting), ...given(entry.tags) },
    numSamples: entry.num_samples ?? undefined,
    ...(entry.file_sha1 && { sha1: entry.file_sha1 }),
  };
}

/** The files of an entry: those on this disk if it names some that exist, else those at the hub. */
function placeOf(name: string, entry: Entry, datasetDir: string): Place {
  const { file_name: file, hf_hub_url: hub, subset, split, folder } = entry;
  const isRemote = datasetDir.startsWith("REMOTE:");
  const path = !file ? undefined : isAbsolute(file) ? file : join(datasetDir, file);
  if (hub && (path === undefined || isRemote || !existsSync(path))) {
    const part = { subset: subset ?? undefined, split: split ?? undefined, folder: folder ?? undefined };
    return { id: hub, part };
  }
  if (file && isRemote) return { dir: datasetDir, path: file };
  if (path !== undefined) return { files: filesAt(path) };
  const elsewhere = entry.ms_hub_url ?? entry.om_hub_url ?? entry.script_url ?? entry.cloud_file_name;
  throw new DataError(
    elsewhere
      ? `Cannot load dataset "${name}": it is at "${elsewhere}", and ftx downloads only from Hugging Face's hub; ` +
        "give hf_hub_url, or download its files and give file_name"
      : `Cannot load dataset "${name}": its entry in dataset_info.json has neither file_name nor hf_hub_url; add one`,
  );
}
