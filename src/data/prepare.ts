import { RecipeError } from "../errors.ts";
import { snakeCase } from "../settings/spelling.ts";
import type { Tokenizer } from "../tokenizer/mod.ts";
import { loadDataset, type LoadedDataset, type LoadOptions, type LoadSettings, type Target } from "./load_dataset.ts";
import { cutInBlocks } from "./sets/blocks.ts";
import { hashOf } from "./sets/cache.ts";
import { countOf, type Documents, joinDocuments, lengthsOf } from "./sets/documents.ts";
import { mix, type MixStrategy } from "./sets/mix.ts";
import { packBestFit } from "./sets/pack.ts";
import { Random } from "./sets/random.ts";
import { joinRows, oneEach, rowCount, type Rows, selectRows } from "./sets/rows.ts";
import { emptySet, EncodedSet } from "./sets/set.ts";
import { readTokenized, writeTokenized } from "./sets/tokenized.ts";
import type { DataSettings } from "./settings.ts";
import { type Shown, showRow } from "./show.ts";
import type { Tally } from "./tally.ts";

/** The settings that decide what to train and evaluate on. */
export type PrepareSettings =
  & LoadSettings
  & Pick<DataSettings, "dataset" | "evalDataset" | "evalOnEachDataset" | "valSize" | "tokenizedPath">
  & Pick<DataSettings, "mixStrategy" | "interleaveProbs">;

/** What a run trains and evaluates on. */
export interface Prepared {
  /** To train on; without rows where only evaluation is asked for. */
  readonly train: EncodedSet;
  /** To evaluate on: one set under "" (its metrics are `eval_…`), or each under its name (`eval_NAME_…`). */
  readonly evals: Record<string, EncodedSet>;
  /** The first example, to show before training. */
  readonly shown?: readonly Shown[];
  /** What happened to the rows of each data set. */
  readonly tallies: Record<string, Tally>;
}

/**
 * Reads, encodes, mixes, splits and packs the data of a recipe, or reads what is encoded already. All of it happens before
 * training; data sets are cached on disk under a hash of everything that decides their ids.
 *
 * Throws `DataError` for data that cannot be used and `RecipeError` for settings that cannot.
 */
export async function prepare(
  settings: PrepareSettings,
  target: Target,
  options: LoadOptions = {},
): Promise<Prepared> {
  const { tokenizedPath } = settings, { task, tokenizer } = target;
  const encoded = { ...target, settings: decisive(settings) };
  const ready = tokenizedPath && await readTokenized(tokenizedPath, encoded, options.onWarning) || undefined;
  const { tallies = {}, ...sets } = ready ?? await encodeAll(settings, target, options);
  if (ready === undefined && tokenizedPath !== undefined) await writeTokenized(tokenizedPath, sets, encoded);
  const first = [sets.train, ...Object.values(sets.evals)].find((set) => set.rows > 0);
  return { ...sets, tallies, shown: first && await showRow(first, 0, tokenizer, task.parts) };
}

/** The settings that decide what `tokenizedPath` holds. */
function decisive(settings: PrepareSettings): Record<string, unknown> {
  const { seed, mixStrategy, interleaveProbs, dataset } = settings;
  const mixing = dataset.length > 1 ? { mixStrategy, interleaveProbs } : {};
  const { evalDataset, cutoffLen, maxSamples, packing, trainOnPrompt, maskHistory, splitSpecialTokens, valSize } =
    settings;
  const drawn = valSize > 0 ? { seed } : {};
  const all = {
    dataset,
    evalDataset,
    cutoffLen,
    maxSamples,
    packing,
    trainOnPrompt,
    maskHistory,
    splitSpecialTokens,
    valSize,
  };
  return Object.fromEntries(
    Object.entries({ ...all, ...mixing, ...drawn }).map(([name, value]) => [snakeCase(name), value]),
  );
}

async function encodeAll(
  settings: PrepareSettings,
  target: Target,
  options: LoadOptions,
): Promise<{ train: EncodedSet; evals: Record<string, EncodedSet>; tallies: Record<string, Tally> }> {
  const build = (source: Source, order: Int32Array, key: unknown) => buildSet(source, order, settings, target, key);
  const load = async (names: readonly string[]) => {
    const loaded: LoadedDataset[] = [];
    for (const name of names) loaded.push(await loadDataset(name, settings, target, options));
    return loaded;
  };
  const sources = await load(settings.dataset);
  const evalSources = await load(settings.evalDataset);
  const tallies = Object.fromEntries([...sources, ...evalSources].map(({ name, tally }) => [name, tally]));
  const all = mixed(sources, settings.mixStrategy, [...settings.interleaveProbs], settings.seed);
  const [kept, aside] = split(all.order, settings.valSize, settings.seed);
  const train = sources.length === 0 ? emptySet() : build(all, kept, [all.key, settings.valSize, "train"]);

  const evals = new Map<string, EncodedSet>();
  if (aside.length > 0) evals.set("", build(all, aside, [all.key, settings.valSize, "eval"]));
  if (settings.evalOnEachDataset && evalSources.length > 1) {
    for (const source of evalSources) evals.set(source.name, build(source, source.chosen, source.key));
  } else if (evalSources.length > 0) {
    const together = mixed(evalSources, "concat", [], settings.seed);
    evals.set("", build(together, together.order, together.key));
  }
  return { train, evals: Object.fromEntries(evals), tallies };
}

/** Documents, and the rows that they form. */
interface Source {
  readonly documents: Documents;
  readonly rows: Rows;
}

/** The rows of all sources as one collection, and the order in which they are mixed. */
function mixed(sources: readonly LoadedDataset[], strategy: MixStrategy, probs: number[], seed: number) {
  const picks = mix(sources.map((source) => source.chosen.length), strategy, probs, new Random(seed));
  let before = 0;
  const firstRows = sources.map(({ rows }) => (before += rowCount(rows)) - rowCount(rows));
  return {
    documents: joinDocuments(sources.map((source) => source.documents)),
    rows: joinRows(sources.map((source) => source.rows), sources.map((source) => countOf(source.documents))),
    order: Int32Array.from(picks, ({ set, example }) => firstRows[set] + sources[set].chosen[example]),
    key: [sources.map(({ key, chosen }) => [key, chosen.length]), strategy, probs, seed],
  };
}

/** Sets examples aside for evaluation, drawn at random: `valSize` below 1 is a share (rounded up), else a count. */
function split(order: Int32Array, valSize: number, seed: number): [kept: Int32Array, aside: Int32Array] {
  if (valSize === 0 || order.length === 0) return [order, new Int32Array(0)];
  const count = valSize < 1 ? Math.ceil(valSize * order.length) : valSize;
  if (count >= order.length) {
    throw new RecipeError(
      `Cannot use val_size = ${valSize}: there are ${order.length} examples, and at least one must be left to train on; ` +
        "choose a smaller val_size",
    );
  }
  const drawn = new Set(new Random(seed).permutation(order.length).subarray(0, count));
  return [order.filter((_, i) => !drawn.has(i)), order.filter((_, i) => drawn.has(i))];
}

/** The rows in `order` as a set: as they are, or packed in the way of the task. */
function buildSet(
  { documents, rows }: Source,
  order: Int32Array,
  { packing: wanted, cutoffLen }: PrepareSettings,
  { task, tokenizer }: Target,
  key: unknown,
): EncodedSet {
  const packing = wanted ?? task.packing === "blocks";
  const fingerprint = hashOf([key, packing, cutoffLen]);
  const selected = selectRows(rows, order);
  if (!packing) return new EncodedSet(documents, selected, fingerprint);
  if (task.packing === undefined) {
    throw new RecipeError(
      `Cannot use packing = true with the task "${task.name}": its rows cannot be packed; leave packing out`,
    );
  }
  if (task.packing === "rows") {
    return new EncodedSet(documents, packBestFit(lengthsOf(documents), selected.members, cutoffLen), fingerprint);
  }
  const blocks = cutInBlocks(documents, selected.members, cutoffLen, bosOf(tokenizer));
  return new EncodedSet(blocks, oneEach(Int32Array.from({ length: countOf(blocks) }, (_, i) => i)), fingerprint);
}

const bosOf = (tokenizer: Tokenizer) => tokenizer.addsBos ? tokenizer.bos?.id : undefined;
