import { chooseTemplate, drawExample, prepare, type Prepared } from "../data/mod.ts";
import { DataError } from "../errors.ts";
import type { Recipe } from "../recipe/mod.ts";
import { standard } from "../report/mod.ts";
import { Tokenizer } from "../tokenizer/mod.ts";

/** A run's tokenizer and its encoded data; shows the first example, what is learned in colour. */
export async function dataOf(
  recipe: Recipe,
  say: (sentence: string) => void,
): Promise<{ tokenizer: Tokenizer; data: Prepared }> {
  const { addTokens, addSpecialTokens } = recipe;
  const tokenizer = await Tokenizer.load(recipe.modelNameOrPath, { addTokens, addSpecialTokens });
  const template = chooseTemplate(recipe, tokenizer, { onWarning: say });
  const data = await prepare(recipe, tokenizer, template, { onWarning: say });
  if (recipe.doTrain && data.train.learned === 0) {
    throw new DataError(
      `Cannot train on ${recipe.dataset.join(", ")}: no token of it is learned; look at it with ftx data preview`,
    );
  }
  if (data.shown) say(`\nThe first example:\n${drawExample(data.shown, { color: standard("stderr").colour })}\n`);
  return { tokenizer, data };
}
