import { chooseTemplate, drawExample, type EncodedSet, prepare, type Prepared, stopIds, teach } from "../data/mod.ts";
import { CheckpointError, DataError } from "../errors.ts";
import { grownRows } from "../models/mod.ts";
import type { Recipe } from "../recipe/mod.ts";
import { standard, type Waiting } from "../report/mod.ts";
import { STAGES } from "../stages/mod.ts";
import { Tokenizer, trainedFolders } from "../tokenizer/mod.ts";

/** A run's data, and what the model will know of text. */
export interface PreparedData {
  data: Prepared;
  /** As it will be saved: with the EOS and the chat template that the run teaches. */
  tokenizer: Tokenizer;
  /** Ids at which answers end. */
  stops: number[];
}

/**
 * Loads the tokenizer that a run's model was trained with, fits it to the template, and encodes the data. Shows the first
 * example, with what is learned in colour, unless `shows` is false. `vocabSize`: rows of the model's embedding.
 */
export async function prepareData(
  recipe: Recipe,
  { vocabSize, waiting, shows = true }: { vocabSize: number; waiting: Waiting; shows?: boolean },
): Promise<PreparedData> {
  const { addTokens, addSpecialTokens } = recipe;
  const [folder] = trainedFolders(recipe, { onNote: (sentence) => waiting.say(`note: ${sentence}`) });
  const tokenizer = await Tokenizer.load(folder, { addTokens, addSpecialTokens });
  const onWarning = (sentence: string) => waiting.say(`warning: ${sentence}`);
  const { task } = STAGES[recipe.stage];
  const template = await chooseTemplate(recipe, tokenizer, { usesTemplate: task.usesTemplate, onWarning });
  const data = await prepare(recipe, { task, template, tokenizer }, {
    onWarning,
    listener: waiting,
    onProgress: (dataset, rows) => waiting.tell(`Encoding ${dataset}: ${rows.toLocaleString("en")} rows`),
  });
  waiting.clear();
  if (recipe.doTrain && data.train.learned === 0) {
    throw new DataError(
      `Cannot train on ${recipe.dataset.join(", ")}: no token of it is learned; check it with ftx data preview`,
    );
  }
  const rows = recipe.resizeVocab ? grownRows(vocabSize, tokenizer.vocabulary) : vocabSize;
  await checkIds([data.train, ...Object.values(data.evals)], tokenizer, rows, recipe);
  if (data.shown && shows) {
    waiting.say(`\nThe first example:\n${drawExample(data.shown, { color: standard("stderr").colour })}\n`);
  }
  // Text without a template teaches none: the model keeps what it has.
  if (task.usesTemplate) teach(template, tokenizer, recipe.maskHistory);
  return { tokenizer, data, stops: stopIds(template, tokenizer) };
}

/** A tokenizer may have more tokens than the model has rows, as long as the data uses none of the extra ones. */
async function checkIds(sets: EncodedSet[], tokenizer: Tokenizer, rows: number, recipe: Recipe): Promise<void> {
  const highest = Math.max(...sets.map((set) => set.highestId));
  if (highest < rows) return;
  const text = await tokenizer.decode([highest], { skipSpecial: false });
  throw new CheckpointError(
    `Cannot train "${recipe.modelNameOrPath}" on this data: its tokenizer writes "${text}" as ${highest}, but its ` +
      `embedding has ${rows} rows; give the tokenizer that belongs to the model, or set resize_vocab = true`,
  );
}
