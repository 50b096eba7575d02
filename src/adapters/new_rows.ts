import { CheckpointError, RecipeError } from "../errors.ts";
import { type CausalLm, hasNewRows, modulesWithRows, resizeVocab, type Vocabulary } from "../models/mod.ts";
import { type Attached, EMBEDDING, HEAD } from "./attached.ts";

/** What new rows are given with. */
export interface NewRows {
  vocabulary: Vocabulary;
  note: (sentence: string) => void;
}

/** Whether an adapter brings the rows of the vocabulary. */
export const bringsRows = (model: CausalLm, { places }: Attached): boolean =>
  [...places.values()].includes(model.model.embedTokens.weight);

/**
 * The vocabulary without the added tokens that a model has rows for: where an adapter brought rows but no tokenizer, those are
 * the tokens that it was trained with.
 */
export const withoutRows = (model: CausalLm, vocabulary: Vocabulary): Vocabulary => ({
  ...vocabulary,
  added: vocabulary.added.filter((id) => id >= model.config.vocabSize),
});

/**
 * Gives the model of a new adapter its new rows; returns the modules that the adapter then trains whole.
 *
 * @throws {RecipeError} `loraTarget` has embedding or head.
 */
export function giveRows(model: CausalLm, loraTarget: readonly string[], { vocabulary, note }: NewRows): string[] {
  if (!hasNewRows(model.config.vocabSize, vocabulary)) return [];
  const target = loraTarget.find((name) =>
    [EMBEDDING, HEAD].some((path) => path === name || path.endsWith(`.${name}`))
  );
  if (target !== undefined) {
    throw new RecipeError(
      `Cannot use lora_target = "${target}" where the vocabulary has new rows: a branch does not hold them, so embedding and ` +
        `head are trained whole; leave "${target}" out`,
    );
  }
  resizeVocab(model, vocabulary, note);
  return modulesWithRows(model.config);
}

/**
 * Gives the model of an adapter that is trained further its new rows.
 *
 * @throws {CheckpointError} The adapter does not train them.
 */
export function giveTrainedRows(
  model: CausalLm,
  { whole }: Attached,
  { vocabulary, note, folder }: NewRows & { folder: string },
) {
  const { config } = model;
  if (!hasNewRows(config.vocabSize, vocabulary)) return;
  const holds = whole.has(`${EMBEDDING}.weight`) && (config.tieWordEmbeddings || whole.has(`${HEAD}.weight`));
  if (!holds) {
    throw new CheckpointError(
      `Cannot add tokens to the adapter "${folder}": it does not train ${modulesWithRows(config).join(" and ")}, ` +
        "so it cannot hold their rows; set create_new_adapter = true, which merges it and trains a new one",
    );
  }
  resizeVocab(model, vocabulary, note);
}
