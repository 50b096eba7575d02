import { RecipeError } from "../errors.ts";
import type { CausalLm } from "../models/mod.ts";
import type { ModelSettings } from "../models/settings.ts";

/**
 * Checks the tokens that settings added to the tokenizer of a model that is used, not trained: each needs a row of its
 * embedding. Says so where `resize_vocab` had nothing to add.
 *
 * @throws {RecipeError} The model has no row for a token.
 */
export function checkAddedTokens(
  { modelNameOrPath, resizeVocab, addTokens, addSpecialTokens }: Pick<
    ModelSettings,
    "modelNameOrPath" | "resizeVocab" | "addTokens" | "addSpecialTokens"
  >,
  tokenizer: { readonly added: readonly string[]; idOf(token: string): number | undefined },
  { model, onNote }: { model: CausalLm; onNote?: (sentence: string) => void },
): void {
  const rows = model.config.vocabSize;
  const without = tokenizer.added.filter((token) => tokenizer.idOf(token)! >= rows);
  if (without.length > 0) {
    const tokens = without.map((token) => `"${token}"`).join(", ");
    throw new RecipeError(
      `Cannot add ${tokens} to the tokenizer of "${modelNameOrPath}": the embedding has ${rows} rows, none for what is new; ` +
        "only training adds rows: leave add_tokens, add_special_tokens and resize_vocab out",
    );
  }
  if (resizeVocab && tokenizer.added.length + addTokens.length + addSpecialTokens.length === 0) {
    onNote?.("resize_vocab = true changes nothing: the tokenizer has every token, and only training adds rows");
  }
}
