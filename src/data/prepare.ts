import type { Template } from "../../templates/mod.ts";
import { RecipeError } from "../errors.ts";
import type { Tokenizer } from "../tokenizer/mod.ts";
import { hashOf } from "./cache.ts";
import { countOf, type Documents, joinDocuments, lengthsOf } from "./documents.ts";
import { allOf, cutInBlocks } from "./encode_pt.ts";
import type { Use } from "./formats/mod.ts";
import { loadDataset, type LoadedDataset, type LoadOptions, type LoadSettings } from "./load_dataset.ts";
import { mix, type MixStrategy } from "./mix.ts";
import { packBestFit } from "./pack.ts";
import { Random } from "./random.ts";
import { emptySet, EncodedSet, oneEach } from "./set.ts";
import { type Shown, showRow } from "./show.ts";
import type { Tally } from "./tally.ts";
import { readTokenized, writeTokenized } from "./tokenized.ts";

/** The settings that decide what is trained and evaluated on. `Recipe` has them all. */
export interface DataSettings extends LoadSettings {
  readonly stage?: string;
  readonly dataset: readonly string[];
  readonly evalDataset: readonly string[];
  readonly evalOnEachDataset: boolean;
  readonly mixStrategy: MixStrategy;
  readonly interleaveProbs: readonly number[];
  readonly valSize: number;
  readonly tokenizedPath?: string;
}

/** What a run trains and evaluates on. */
export interface Prepared {
  /** To train on; without rows where only evaluation is asked for. */
  readonly train: EncodedSet;
  /** To evaluate on: one set under "" (its metrics are `eval_…`), or each under its name (`eval_NAME_…`). */
  readonly evals: Record<string, EncodedSet>;
  /** The first example, to be shown before training. */
  readonly shown?: Shown;
  /** What became of the rows of each data set. */
  readonly tallies: Record<string, Tally>;
}

/** How `prepare` works and whom it tells. */
export interface PrepareOptions extends LoadOptions {
  /** Default: the recipe's own. */
  readonly stage?: string;
}

/**
 * Reads, encodes, mixes, splits and packs the data of a recipe, or takes what is encoded already. Everything happens
 * ahead of training; data sets are cached on disk by the hash of all that decides their ids.
 *
 * Throws `DataError` for data that cannot be used and `RecipeError` for settings that cannot.
 */
export async function prepare(
  recipe: DataSettings,
  tokenizer: Tokenizer,
  template: Template,
  options: PrepareOptions = {},
): Promise<Prepared> {
  const ready = recipe.tokenizedPath === undefined ? undefined : await readTokenized(recipe.tokenizedPath, tokenizer);
  const { tallies = {}, ...sets } = ready ?? await encodeAll(recipe, tokenizer, template, options);
  if (ready === undefined && recipe.tokenizedPath !== undefined) {
    await writeTokenized(recipe.tokenizedPath, sets, tokenizer);
  }
  const first = [sets.train, ...Object.values(sets.evals)].find((set) => set.rows > 0);
  return { ...sets, tallies, shown: first === undefined ? undefined : await showRow(first, 0, tokenizer) };
}

async function encodeAll(
  recipe: DataSettings,
  tokenizer: Tokenizer,
  template: Template,
  { stage = recipe.stage ?? "sft", ...options }: PrepareOptions,
): Promise<{ train: EncodedSet; evals: Record<string, EncodedSet>; tallies: Record<string, Tally> }> {
  const use: Use = stage === "pt" ? "pt" : "sft";
  const build = (documents: Documents, members: Int32Array, key: unknown) =>
    buildSet(documents, members, recipe, use, tokenizer, key);
  const load = (names: readonly string[]) => loadAll(names, recipe, use, template, tokenizer, options);

  const sources = await load(recipe.dataset);
  const evalSources = await load(recipe.evalDataset);
  const tallies = Object.fromEntries([...sources, ...evalSources].map(({ name, tally }) => [name, tally]));
  const { documents, members, key } = mixed(sources, recipe.mixStrategy, [...recipe.interleaveProbs], recipe.seed);
  const [kept, aside] = split(members, recipe.valSize, recipe.seed);
  const train = sources.length === 0 ? emptySet() : build(documents, kept, [key, recipe.valSize, "train"]);

  const evals: Record<string, EncodedSet> = {};
  if (aside.length > 0) evals[""] = build(documents, aside, [key, recipe.valSize, "eval"]);
  if (recipe.evalOnEachDataset && evalSources.length > 1) {
    for (const source of evalSources) evals[source.name] = build(source.documents, source.chosen, source.key);
  } else if (evalSources.length > 0) {
    const all = mixed(evalSources, "concat", [], recipe.seed);
    evals[""] = build(all.documents, all.members, all.key);
  }
  return { train, evals, tallies };
}

async function loadAll(
  names: readonly string[],
  recipe: DataSettings,
  use: Use,
  template: Template,
  tokenizer: Tokenizer,
  options: LoadOptions,
): Promise<LoadedDataset[]> {
  const loaded: LoadedDataset[] = [];
  for (const name of names) loaded.push(await loadDataset(name, recipe, use, template, tokenizer, options));
  return loaded;
}

/** Documents of all sources as one collection, and the order in which they are mixed. */
function mixed(sources: LoadedDataset[], strategy: MixStrategy, probs: number[], seed: number) {
  const picks = mix(sources.map((source) => source.chosen.length), strategy, probs, new Random(seed));
  const bases = sources.map((_, i) => sources.slice(0, i).reduce((sum, source) => sum + countOf(source.documents), 0));
  return {
    documents: joinDocuments(sources.map((source) => source.documents)),
    members: Int32Array.from(picks, ({ set, example }) => bases[set] + sources[set].chosen[example]),
    key: [sources.map(({ key, chosen }) => [key, chosen.length]), strategy, probs, seed],
  };
}

/** Sets examples aside for evaluation, drawn at random: `valSize` below 1 is a share (rounded up), else a count. */
function split(members: Int32Array, valSize: number, seed: number): [kept: Int32Array, aside: Int32Array] {
  if (valSize === 0 || members.length === 0) return [members, new Int32Array(0)];
  const count = valSize < 1 ? Math.ceil(valSize * members.length) : valSize;
  if (count >= members.length) {
    throw new RecipeError(
      `Cannot use val_size = ${valSize}: there are ${members.length} examples, and at least one must be trained on; ` +
        "choose a smaller val_size",
    );
  }
  const drawn = new Set(new Random(seed).permutation(members.length).subarray(0, count));
  return [members.filter((_, i) => !drawn.has(i)), members.filter((_, i) => drawn.has(i))];
}

function buildSet(
  documents: Documents,
  members: Int32Array,
  recipe: DataSettings,
  use: Use,
  tokenizer: Tokenizer,
  key: unknown,
): EncodedSet {
  const packing = recipe.packing ?? use === "pt";
  const fingerprint = hashOf([key, packing, recipe.cutoffLen]);
  if (!packing) return new EncodedSet(documents, oneEach(members), fingerprint);
  if (use === "sft") {
    return new EncodedSet(documents, packBestFit(lengthsOf(documents), members, recipe.cutoffLen), fingerprint);
  }
  const blocks = cutInBlocks(documents, members, recipe.cutoffLen, tokenizer.addsBos ? tokenizer.bos?.id : undefined);
  return new EncodedSet(blocks, oneEach(allOf(blocks)), fingerprint);
}
