import { join } from "node:path";
import { DataError } from "../errors.ts";
import type { HubSettings, Listener } from "../hub/mod.ts";
import { type DatasetInfo, findDataset } from "./catalogue/info.ts";
import { encodeDataset, type EncodedDataset } from "./encode_dataset.ts";
import { CACHE_VERSION, cacheFolder, hashFile, hashOf, keepInCache, readStored } from "./sets/cache.ts";
import { Random } from "./sets/random.ts";
import { rowCount, type Rows } from "./sets/rows.ts";
import type { DataSettings } from "./settings.ts";
import { judge, type Tally } from "./tally.ts";
import type { EncodeSettings, Task, Writing } from "./tasks/mod.ts";

/** The settings that decide what a data set becomes. */
export type LoadSettings =
  & Partial<HubSettings>
  & EncodeSettings
  & Pick<DataSettings, "datasetDir" | "maxSamples" | "overwriteCache" | "preprocessingBatchSize">
  & { readonly seed: number };

/** What rows are encoded for, and with what. */
export interface Target extends Writing {
  readonly task: Task;
}

/** What hears about the loading, and where encoded data is cached. */
export interface LoadOptions {
  /** Called with the number of rows of a data set that were read so far. */
  readonly onProgress?: (dataset: string, rows: number) => void;
  /** Called with a sentence about rows that were left out. */
  readonly onWarning?: (sentence: string) => void;
  /** Hears about downloads. */
  readonly listener?: Listener;
  /** Folder of the cache. Default `cacheFolder()`. */
  readonly cache?: string;
}

/** A data set, encoded. */
export interface LoadedDataset extends EncodedDataset {
  readonly name: string;
  /** Rows to take, in order: all of them, or those that `num_samples` drew. */
  readonly chosen: Int32Array;
  /** Hash of all that determines the content. */
  readonly key: string;
}

/** Finds, reads and encodes a data set, or takes it from the cache. Throws `DataError`. */
export async function loadDataset(
  name: string,
  settings: LoadSettings,
  target: Target,
  { onProgress, onWarning, listener, cache = cacheFolder() }: LoadOptions = {},
): Promise<LoadedDataset> {
  const { cacheDir, hfHubToken, maxSamples, preprocessingBatchSize: batchSize } = settings;
  const info = await findDataset(name, settings.datasetDir, { cacheDir, hfHubToken, listener });
  const changed = await otherContent(info);
  if (changed !== undefined) onWarning?.(changed);
  const { splitSpecialTokens, cutoffLen } = settings;
  const options = target.task.options(settings, target.template);
  const encoding = { ...target, options, splitSpecialTokens, maxSamples, batchSize };
  const key = await keyOf(info, encoding);
  const path = join(cache, `${key}.bin`);
  const kept = settings.overwriteCache ? undefined : await readStored<Tally>(path);
  const { documents, rows, tally }: EncodedDataset = kept === undefined
    ? await encodeDataset(info, { ...encoding, onProgress: (count) => onProgress?.(name, count) })
    : { ...kept, tally: kept.facts };
  for (const sentence of judge(tally, name, cutoffLen)) onWarning?.(sentence);
  if (kept === undefined) await keepInCache(path, { documents, rows, facts: tally });
  return { name, documents, rows, chosen: choose(info, rows, settings.seed), tally, key };
}

/** A sentence where a file is not the one that `file_sha1` describes. */
async function otherContent({ name, files, sha1 }: DatasetInfo): Promise<string | undefined> {
  if (sha1 === undefined || files.length !== 1) return undefined;
  const is = await hashFile(files[0], "sha1");
  if (is === sha1.toLowerCase()) return undefined;
  return `dataset "${name}" is not the file that its entry describes: its SHA-1 is ${is}, and file_sha1 is "${sha1}"`;
}

async function keyOf(
  info: DatasetInfo,
  { task, options, maxSamples, template, tokenizer }: Target & { options: unknown; maxSamples?: number },
): Promise<string> {
  const files: string[] = [];
  for (const file of info.files) {
    files.push(
      await hashFile(file).catch((error) => {
        throw new DataError(`Cannot read "${file}": the system says "${error.message}"; check its permissions`);
      }),
    );
  }
  return hashOf({
    version: CACHE_VERSION,
    files,
    types: info.files.map((file) => file.slice(file.lastIndexOf("."))),
    how: [info.formatting, info.columns, info.tags],
    tokenizer: [tokenizer.fingerprint, tokenizer.bos?.id, tokenizer.eos?.id],
    template: task.usesTemplate ? template : null,
    task: [task.name, options, maxSamples],
  });
}

/** `num_samples`: that many rows at random; where there are fewer, all of them and the rest drawn again. */
function choose(info: DatasetInfo, rows: Rows, seed: number): Int32Array {
  const count = rowCount(rows);
  if (info.numSamples === undefined) return Int32Array.from({ length: count }, (_, i) => i);
  const random = new Random(seed);
  const order = random.permutation(count);
  return Int32Array.from({ length: info.numSamples }, (_, i) => i < count ? order[i] : random.below(count));
}
