import { join } from "node:path";
import type { Template } from "../../templates/mod.ts";
import { DataError, RecipeError } from "../errors.ts";
import type { HubSettings, Listener } from "../hub/mod.ts";
import type { Tokenizer } from "../tokenizer/mod.ts";
import { CACHE_VERSION, cacheFolder, hashFile, hashOf, keepInCache, readStored } from "./cache.ts";
import { countOf, type Documents } from "./documents.ts";
import { encodeDataset, type EncodeOptions } from "./encode_dataset.ts";
import { allOf } from "./encode_pt.ts";
import type { Use } from "./formats/mod.ts";
import { type DatasetInfo, findDataset } from "./info.ts";
import { Random } from "./random.ts";
import { judge, type Tally } from "./tally.ts";

/** The settings that decide what a data set becomes. `Recipe` has them all. */
export interface LoadSettings extends HubSettings {
  readonly datasetDir: string;
  readonly cutoffLen: number;
  readonly packing?: boolean;
  readonly trainOnPrompt: boolean;
  readonly maskHistory: boolean;
  readonly splitSpecialTokens: boolean;
  readonly maxSamples?: number;
  readonly overwriteCache: boolean;
  readonly preprocessingBatchSize: number;
  readonly seed: number;
}

/** How whoever loads data is told about it, and where it is cached. */
export interface LoadOptions {
  /** Called with the number of rows of a data set that were read so far. */
  readonly onProgress?: (dataset: string, rows: number) => void;
  /** Called with a sentence about rows that were left out. */
  readonly onWarning?: (sentence: string) => void;
  /** Told of downloads. */
  readonly listener?: Listener;
  /** Folder of the cache. Default `cacheFolder()`. */
  readonly cache?: string;
}

/** A data set, encoded. */
export interface LoadedDataset {
  readonly name: string;
  readonly documents: Documents;
  /** Documents to take, in order: all of them, or those that `num_samples` drew. */
  readonly chosen: Int32Array;
  readonly tally: Tally;
  /** Hash of all that determines the content. */
  readonly key: string;
  /** Whether it came from the cache. */
  readonly cached: boolean;
}

/** Finds, reads and encodes a data set, or takes it from the cache. Throws `DataError`. */
export async function loadDataset(
  name: string,
  recipe: LoadSettings,
  use: Use,
  template: Template,
  tokenizer: Tokenizer,
  { onProgress, onWarning, listener, cache = cacheFolder() }: LoadOptions = {},
): Promise<LoadedDataset> {
  const { cacheDir, hfHubToken } = recipe;
  const info = await findDataset(name, recipe.datasetDir, { cacheDir, hfHubToken, listener });
  const options = encodeOptions(recipe, use);
  checkTogether(options, template);
  const key = await keyOf(info, options, template, tokenizer);
  const path = join(cache, `${key}.bin`);
  const kept = recipe.overwriteCache ? undefined : await readStored<Tally>(path);
  const { documents, tally } = kept === undefined
    ? await encodeDataset(info, template, tokenizer, options, {
      batchSize: recipe.preprocessingBatchSize,
      onProgress: (rows) => onProgress?.(name, rows),
    })
    : { documents: kept.documents, tally: kept.facts };
  const warning = judge(tally, name);
  if (warning !== undefined) onWarning?.(warning);
  if (kept === undefined) await keepInCache(path, { documents, facts: tally });
  return { name, documents, chosen: choose(info, documents, recipe.seed), tally, key, cached: kept !== undefined };
}

/** Only what matters to the encoding, so that other settings do not encode anew: packs are made afterwards. */
function encodeOptions(recipe: LoadSettings, use: Use): EncodeOptions {
  const packing = use === "pt" && (recipe.packing ?? true);
  return {
    use,
    packing,
    cutoffLen: packing ? 0 : recipe.cutoffLen,
    trainOnPrompt: recipe.trainOnPrompt,
    maskHistory: recipe.maskHistory,
    splitSpecialTokens: recipe.splitSpecialTokens,
    maxSamples: recipe.maxSamples,
  };
}

function checkTogether(options: EncodeOptions, template: Template): void {
  if (options.use === "sft" && options.trainOnPrompt && template.efficientEos) {
    throw new RecipeError(
      `Cannot use train_on_prompt with template = "${template.name}": its questions begin with the mark that ends an ` +
        "answer, and one token cannot be both; leave train_on_prompt out",
    );
  }
}

async function keyOf(info: DatasetInfo, options: EncodeOptions, template: Template, tokenizer: Tokenizer) {
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
    template: options.use === "pt" ? null : template,
    options,
  });
}

/** `num_samples`: that many at random; where there are fewer, all of them and the rest drawn again. */
function choose(info: DatasetInfo, documents: Documents, seed: number): Int32Array {
  if (info.numSamples === undefined) return allOf(documents);
  const count = countOf(documents);
  const random = new Random(seed);
  const order = random.permutation(count);
  return Int32Array.from({ length: info.numSamples }, (_, i) => i < count ? order[i] : random.below(count));
}
