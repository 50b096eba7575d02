import { CheckpointError } from "../errors.ts";
import { Linear, type Parameter, replaceValue } from "../nn/mod.ts";
import { cat, empty, noGrad, randn, scope, type Tensor } from "../tensor/mod.ts";
import type { CausalLm } from "./causal_lm.ts";

/** Vocabularies grow to a multiple of this many rows, which keeps matrix products fast: LLaMA-Factory's rule. */
const MULTIPLE = 64;

/** A tokenizer's vocabulary, as far as a model's rows depend on it. */
export interface Vocabulary {
  /** Number of tokens. */
  tokens: number;
  /** Ids of the tokens that were added for this run: whatever their rows hold was not learned. */
  added: readonly number[];
}

/** Rows an embedding of `rows` rows has once it has one for each token: as many as before, or a larger multiple of 64. */
export function grownRows(rows: number, { tokens, added }: Vocabulary): number {
  const needed = added.reduce((most, id) => Math.max(most, id + 1), tokens);
  return needed <= rows ? rows : Math.ceil(needed / MULTIPLE) * MULTIPLE;
}

/** Whether a model of `rows` rows has some that start anew for this vocabulary. */
export const hasNewRows = (rows: number, vocabulary: Vocabulary): boolean =>
  vocabulary.added.length > 0 || grownRows(rows, vocabulary) > rows;

/** The modules with new rows: they are trained whole, and saved next to an adapter. */
export function modulesWithRows(config: { tieWordEmbeddings: boolean }): string[] {
  return ["embed_tokens", ...config.tieWordEmbeddings ? [] : ["lm_head"]];
}

/**
 * Gives embedding and head a row for each token, and starts those of added tokens anew, spare rows of the model too: as the mean
 * of the rows before them plus noise of deviation 1/sqrt(width), as LLaMA-Factory's `noise_init`. Returns false if no row is new.
 *
 * @throws {CheckpointError} The head is not a plain linear layer, so its rows are not one weight's.
 */
export function resizeVocab(
  model: CausalLm,
  vocabulary: Vocabulary,
  note: (sentence: string) => void = () => {},
): boolean {
  const old = model.config.vocabSize, rows = grownRows(old, vocabulary), { added } = vocabulary;
  if (!hasNewRows(old, vocabulary)) return false;
  const spare = added.filter((id) => id < old), used = spare.reduce((least, id) => Math.min(least, id), old);
  for (const weight of rowWeights(model)) {
    scope(() =>
      noGrad(() => {
        const fresh = newRows(weight.narrow(0, 0, used), spare.length + rows - old);
        spare.forEach((id, i) => weight.narrow(0, id, 1).copy_(fresh.narrow(0, i, 1)));
        if (rows > old) replaceValue(weight, cat([weight, fresh.narrow(0, spare.length, rows - old)]));
      })
    );
  }
  model.config.vocabSize = rows;
  const learns = `${modulesWithRows(model.config).join(" and ")} train${
    model.config.tieWordEmbeddings ? "s" : ""
  } whole`;
  const count = `${added.length} added ${added.length === 1 ? "token" : "tokens"}`;
  note(
    rows > old
      ? `The vocabulary grows from ${old} to ${rows} rows${added.length ? `, for ${count}` : ""}; ${learns}`
      : `The vocabulary keeps its ${rows} rows: ${count} take${added.length === 1 ? "s" : ""} spare ones; ${learns}`,
  );
  return true;
}

/** `count` rows near the mean of others [R, D], in their type. */
function newRows(others: Tensor, count: number): Tensor {
  const { dtype, device, shape: [, width] } = others;
  const noise = randn([count, width], { dtype: "f32", device }).mul(1 / Math.sqrt(width));
  return noise.add(others.to("f32").meanOver([0], { keepdim: true })).to(dtype);
}

/** Gives embedding and head this number of rows, for values that are read next: until then they are undefined. */
export function setRows(model: CausalLm, rows: number): void {
  for (const weight of rowWeights(model)) {
    const { dtype, device, shape: [, width] } = weight;
    replaceValue(weight, scope(() => empty([rows, width], { dtype, device })));
  }
  model.config.vocabSize = rows;
}

/** The weights with a row for each token. */
function rowWeights({ lmHead, model: { embedTokens } }: CausalLm): Parameter[] {
  if (!lmHead) return [embedTokens.weight];
  if (lmHead instanceof Linear) return [embedTokens.weight, lmHead.weight];
  throw new CheckpointError("Cannot resize the vocabulary: the head has an adapter; merge it first");
}
