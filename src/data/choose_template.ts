import { type Template, TEMPLATES, TOOL_FORMATS } from "../../templates/mod.ts";
import { RecipeError } from "../errors.ts";
import { didYouMean } from "../recipe/nearest.ts";
import type { Tokenizer } from "../tokenizer/mod.ts";
import { deriveTemplate } from "./derive_template.ts";

/** The settings that decide how conversations are written. `Recipe` has them all. */
export interface TemplateSettings {
  readonly template?: string;
  readonly stage?: string;
  readonly defaultSystem?: string;
  readonly toolFormat?: string;
  readonly enableThinking?: boolean | null;
  readonly preserveThinking?: boolean;
  readonly resizeVocab?: boolean;
  /** The template that belongs to the model's short name. */
  readonly usualTemplate?: string;
}

/**
 * The template of a recipe, fitted to a tokenizer: by name, or derived from the tokenizer's chat template, or the usual one of
 * the model, or `empty`, which is also what pre-training uses.
 * Where the template ends its answers with a token of its own, that is the tokenizer's EOS from now on; a missing pad is
 * EOS. Throws `RecipeError` for an unknown name and for a tokenizer that lacks the template's tokens.
 */
export function chooseTemplate(
  recipe: TemplateSettings,
  tokenizer: Tokenizer,
  { onWarning }: { onWarning?: (sentence: string) => void } = {},
): Template {
  const found = byName(recipe.template) ??
    (recipe.stage === "pt" ? TEMPLATES.empty : own(tokenizer, recipe, onWarning));
  if (recipe.stage !== "pt") needTokens(found, tokenizer, recipe.resizeVocab ?? false);
  const chosen = withOverrides(found, recipe);
  repairSpecials(chosen, tokenizer, recipe);
  return chosen;
}

function byName(name: string | undefined): Template | undefined {
  if (name === undefined) return undefined;
  if (Object.hasOwn(TEMPLATES, name)) return TEMPLATES[name];
  const names = Object.keys(TEMPLATES);
  throw new RecipeError(`Cannot use template = "${name}": choose one of ${names.join(", ")}${didYouMean(name, names)}`);
}

function own(
  tokenizer: Tokenizer,
  { usualTemplate, resizeVocab }: TemplateSettings,
  onWarning?: (sentence: string) => void,
): Template {
  if (tokenizer.chatTemplate !== undefined) return deriveTemplate(tokenizer.chatTemplate, tokenizer);
  const usual = byName(usualTemplate);
  // Nobody asked for it by name, so a vocabulary without its marks is no mistake.
  if (usual?.tokens.every((token) => resizeVocab || tokenizer.idOf(token) !== undefined)) return usual;
  onWarning?.(
    "the tokenizer has no chat template and no template is named: question and answer are joined without marks, " +
      "and the model does not learn where to end; name one with template",
  );
  return TEMPLATES.empty;
}

function withOverrides(found: Template, recipe: TemplateSettings): Template {
  const { toolFormat } = recipe;
  if (toolFormat !== undefined && !Object.hasOwn(TOOL_FORMATS, toolFormat)) {
    const names = Object.keys(TOOL_FORMATS);
    throw new RecipeError(
      `Cannot use tool_format = "${toolFormat}": choose one of ${names.join(", ")}${didYouMean(toolFormat, names)}`,
    );
  }
  return {
    ...found,
    ...(toolFormat !== undefined && { toolFormat, function: found.assistant }),
    ...(recipe.defaultSystem !== undefined && { defaultSystem: recipe.defaultSystem }),
    ...(recipe.enableThinking !== undefined && { enableThinking: recipe.enableThinking }),
    ...(recipe.preserveThinking !== undefined && { preserveThinking: recipe.preserveThinking }),
  };
}

/** A template whose marks are not tokens would be split into letters, and the model would learn a format nobody uses. */
function needTokens(found: Template, tokenizer: Tokenizer, resizeVocab: boolean): void {
  const missing = found.tokens.filter((token) => tokenizer.idOf(token) === undefined);
  if (missing.length === 0) return;
  if (!resizeVocab) {
    throw new RecipeError(
      `Cannot use template = "${found.name}": the tokenizer has no token ${missing.map((t) => `"${t}"`).join(", ")}; ` +
        "choose the model's own template, or add the tokens with resize_vocab = true",
    );
  }
  tokenizer.add(missing, { special: true });
}

function repairSpecials(chosen: Template, tokenizer: Tokenizer, recipe: TemplateSettings): void {
  if (chosen.replaceEos && recipe.stage !== "pt") {
    tokenizer.eos = tokenizer.special(chosen.stopWords[0]) ?? tokenizer.eos;
  }
  tokenizer.eos ??= tokenizer.special(END);
  if (tokenizer.eos === undefined && recipe.resizeVocab) {
    tokenizer.add([END], { special: true });
    tokenizer.eos = tokenizer.special(END);
  }
  if (tokenizer.eos === undefined) {
    throw new RecipeError(
      `Cannot use the tokenizer: it names no eos_token; add one to tokenizer_config.json, or set resize_vocab = true`,
    );
  }
  tokenizer.pad ??= tokenizer.eos;
}

const END = "<|endoftext|>"; // what a tokenizer without EOS gets, as in LLaMA-Factory
