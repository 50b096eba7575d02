import { chooseTemplate, drawExample, type EncodedSet, prepare, type Prepared } from "../data/mod.ts";
import { CheckpointError, DataError } from "../errors.ts";
import type { Recipe } from "../recipe/mod.ts";
import { standard, type Waiting } from "../report/mod.ts";
import { STAGES } from "../stages/mod.ts";
import { Tokenizer } from "../tokenizer/mod.ts";

/**
 * Loads a run's tokenizer and encodes its data. Shows the first example, with what is learned in colour, unless `shows` is
 * false. `vocabSize`: rows of the model's embedding.
 */
export async function prepareData(
  recipe: Recipe,
  { vocabSize, waiting, shows = true }: { vocabSize: number; waiting: Waiting; shows?: boolean },
): Promise<{ tokenizer: Tokenizer; data: Prepared }> {
  const { addTokens, addSpecialTokens } = recipe;
  const tokenizer = await Tokenizer.load(recipe.modelNameOrPath, { addTokens, addSpecialTokens });
  const onWarning = (sentence: string) => waiting.say(`warning: ${sentence}`);
  const { task } = STAGES[recipe.stage];
  const template = chooseTemplate(recipe, tokenizer, { usesTemplate: task.usesTemplate, onWarning });
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
  if (!recipe.resizeVocab) await checkIds([data.train, ...Object.values(data.evals)], tokenizer, vocabSize, recipe);
  if (data.shown && shows) {
    waiting.say(`\nThe first example:\n${drawExample(data.shown, { color: standard("stderr").colour })}\n`);
  }
  return { tokenizer, data };
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
