import { type Template, TEMPLATES, TOOL_FORMATS } from "../../../templates/mod.ts";
import { RecipeError } from "../../errors.ts";
import { didYouMean } from "../../settings/nearest.ts";
import type { Tokenizer } from "../../tokenizer/mod.ts";
import type { TemplateSettings } from "../settings.ts";
import { deriveTemplate } from "./derive_template.ts";
import { tryChatTemplate } from "./jinja_trial.ts";
import { OVERRIDES, readWritten } from "./written.ts";

/** The settings that decide how text is written. */
export interface TemplateChoice extends Partial<Omit<TemplateSettings, "template" | "toolFormat">> {
  readonly template?: string;
  readonly toolFormat?: string;
  readonly resizeVocab?: boolean;
  /** The template that belongs to the model's short name. */
  readonly usualTemplate?: string;
}

/** For what a template is chosen. */
export interface ChooseOptions {
  /** Whether text is written with a template at all; a task says so. Default true. */
  readonly usesTemplate?: boolean;
  readonly onWarning?: (sentence: string) => void;
}

/**
 * The template of a recipe, fitted to a tokenizer: the one that is named, else the one that the model was trained with, else
 * one derived from the tokenizer's chat template, else the model's usual one, else `empty`. Without a template in use,
 * `empty` unless one is named.
 *
 * Changes the tokenizer: where the template ends answers with a token of its own, that becomes the EOS; a missing pad token
 * becomes the EOS. Throws `RecipeError` for an unknown name and for a tokenizer that lacks the template's tokens.
 */
export async function chooseTemplate(
  given: TemplateChoice,
  tokenizer: Tokenizer,
  { usesTemplate = true, onWarning }: ChooseOptions = {},
): Promise<Template> {
  const recipe = usesTemplate ? asTrained(given, tokenizer, onWarning) : given;
  const found = byName(recipe.template) ?? (usesTemplate ? await own(tokenizer, recipe, onWarning) : TEMPLATES.empty);
  if (usesTemplate) needTokens(found, tokenizer, recipe.resizeVocab ?? false);
  const chosen = withOverrides(found, recipe);
  if (usesTemplate && chosen.replaceEos) tokenizer.eos = tokenizer.special(chosen.stopWords[0]) ?? tokenizer.eos;
  addMissingEnd(tokenizer, recipe.resizeVocab ?? false);
  return chosen;
}

/** The settings, completed with those of the template that the tokenizer's model was trained with. */
function asTrained(
  given: TemplateChoice,
  { chatTemplate }: Tokenizer,
  onWarning?: (sentence: string) => void,
): TemplateChoice {
  const trained = chatTemplate === undefined ? undefined : readWritten(chatTemplate);
  if (trained === undefined) return given;
  const { template = trained.template } = given;
  if (byName(template) !== TEMPLATES[trained.template]) {
    onWarning?.(`template = ${template} is used, but the model was trained with template = ${trained.template}`);
    return given;
  }
  const { lastOnly: _, ...settings } = trained;
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...settings, ...Object.fromEntries(set) };
}

function byName(name: string | undefined): Template | undefined {
  if (name === undefined) return undefined;
  if (Object.hasOwn(TEMPLATES, name)) return TEMPLATES[name];
  const names = Object.keys(TEMPLATES);
  throw new RecipeError(`Cannot use template = "${name}": choose one of ${names.join(", ")}${didYouMean(name, names)}`);
}

async function own(
  tokenizer: Tokenizer,
  { usualTemplate, resizeVocab }: TemplateChoice,
  onWarning?: (sentence: string) => void,
): Promise<Template> {
  if (tokenizer.chatTemplate !== undefined) {
    await tryChatTemplate(tokenizer.chatTemplate, tokenizer);
    return deriveTemplate(tokenizer.chatTemplate, tokenizer, onWarning);
  }
  const usual = byName(usualTemplate);
  // Nobody asked for it by name, so a vocabulary without its marks is not an error.
  if (usual?.tokens.every((token) => resizeVocab || tokenizer.idOf(token) !== undefined)) return usual;
  onWarning?.(
    "the tokenizer has no chat template and the settings name none: question and answer are joined without marks, " +
      "and the model does not learn where to end; name one with template",
  );
  return TEMPLATES.empty;
}

function withOverrides(found: Template, recipe: TemplateChoice): Template {
  const { toolFormat } = recipe;
  if (toolFormat !== undefined && !Object.hasOwn(TOOL_FORMATS, toolFormat)) {
    const names = Object.keys(TOOL_FORMATS);
    throw new RecipeError(
      `Cannot use tool_format = "${toolFormat}": choose one of ${names.join(", ")}${didYouMean(toolFormat, names)}`,
    );
  }
  const chosen = {
    ...found,
    ...(toolFormat !== undefined && { toolFormat, function: found.assistant }),
    ...(recipe.defaultSystem !== undefined && { defaultSystem: recipe.defaultSystem }),
    ...(recipe.enableThinking !== undefined && { enableThinking: recipe.enableThinking }),
    ...(recipe.preserveThinking && { preserveThinking: true }),
  };
  const isChanged = OVERRIDES.some((name) => chosen[name] !== found[name]);
  return isChanged ? { ...chosen, jinja: undefined } : chosen;
}

/** Marks that are not tokens would be split into letters, and the model would learn a format that nobody uses. */
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

/** A tokenizer without EOS gets one where the vocabulary may grow; a missing pad token becomes the EOS. */
function addMissingEnd(tokenizer: Tokenizer, resizeVocab: boolean): void {
  tokenizer.eos ??= tokenizer.special(END);
  if (tokenizer.eos === undefined && resizeVocab) {
    tokenizer.add([END], { special: true });
    tokenizer.eos = tokenizer.special(END);
  }
  if (tokenizer.eos === undefined) {
    throw new RecipeError(
      "Cannot use the tokenizer: it names no eos_token; add one to tokenizer_config.json, or set resize_vocab = true",
    );
  }
  tokenizer.pad ??= tokenizer.eos;
}

const END = "<|endoftext|>"; // the EOS of a tokenizer that has none, as in LLaMA-Factory
