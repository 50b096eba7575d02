import type { Template } from "../../templates/mod.ts";
import { checkAddedTokens, loadWithAdapters, type UseSettings } from "../adapters/mod.ts";
import { chooseTemplate, encodePrompt, type Message, stopIds, type TemplateChoice } from "../data/mod.ts";
import { FtxError } from "../errors.ts";
import { type Listener, located, type NamingSettings } from "../hub/mod.ts";
import type { CausalLm } from "../models/mod.ts";
import type { ModelSettings } from "../models/settings.ts";
import { manualSeed } from "../tensor/mod.ts";
import { Tokenizer, trainedFolders } from "../tokenizer/mod.ts";
import { configuredEnds } from "../weights/mod.ts";
import { type Ending, generate, type GenerateOptions } from "./generate.ts";
import { Past } from "./past.ts";
import type { Sampling } from "./sampler.ts";
import type { GenerationSettings } from "./settings.ts";
import { TextStream } from "./text_stream.ts";

/** How one answer is made. The recipe gives the defaults. */
export interface AnswerOptions extends Partial<Sampling>, Pick<GenerateOptions, "maxNewTokens" | "seed" | "signal"> {
  /** System prompt; the recipe's, then the template's own, when left out. */
  system?: string;
  /** Tools that the model may call: JSON text of a list. */
  tools?: string;
  /** Called with each piece of the text as soon as it is final. */
  onText?: (piece: string) => void;
}

/** An answer and how it was made. */
export interface Answer {
  text: string;
  /** Tokens of the whole prompt, and how many of them were kept from the answer before. */
  promptTokens: number;
  cachedTokens: number;
  /** Tokens of the answer. */
  tokens: number;
  ending: Ending;
}

/** What a chat is made of. */
export interface ChatParts {
  model: CausalLm;
  tokenizer: Tokenizer;
  template: Template;
  /** Ids that end an answer, besides EOS and the template's stop words. */
  ends?: readonly number[];
}

/** How answers are drawn by default. */
export type ChatSettings =
  & (Sampling & Pick<GenerationSettings, "maxNewTokens" | "skipSpecialTokens" | "system">)
  & Pick<TemplateChoice, "splitSpecialTokens">;

/** The settings that decide which model answers, and how. */
export type LoadChatSettings =
  & (ChatSettings & UseSettings & NamingSettings & TemplateChoice)
  & Pick<ModelSettings, "resizeVocab" | "addTokens" | "addSpecialTokens">
  & { readonly seed: number };

/**
 * Answers questions with a model, one at a time; further questions wait. The keys and values of the last answer are kept,
 * so that the next turn of the same conversation reads only new tokens. Owns the model.
 */
export class Chat implements Disposable {
  readonly model: CausalLm;
  readonly tokenizer: Tokenizer;
  readonly template: Template;
  readonly #stop: readonly number[];
  readonly #how: GenerateOptions;
  readonly #settings: ChatSettings;
  readonly #past = new Past();
  #busy: Promise<unknown> = Promise.resolve();

  constructor({ model, tokenizer, template, ends = [] }: ChatParts, settings: ChatSettings) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.template = template;
    this.#stop = [...stopIds(template, tokenizer), ...ends];
    const { doSample, temperature, topK, topP, repetitionPenalty, maxNewTokens } = settings;
    this.#how = { doSample, temperature, topK, topP, repetitionPenalty, maxNewTokens };
    this.#settings = settings;
  }

  /** The text that answers a question, or the last message of a conversation. */
  async answer(question: string | readonly Message[], options: AnswerOptions = {}): Promise<string> {
    return (await this.reply(question, options)).text;
  }

  /** Like `answer`, but also returns how the answer was made. */
  async reply(question: string | readonly Message[], options: AnswerOptions = {}): Promise<Answer> {
    const mine = this.#busy.then(() => this.#reply(question, options));
    this.#busy = mine.catch(() => {});
    return await mine;
  }

  async #reply(question: string | readonly Message[], options: AnswerOptions): Promise<Answer> {
    const messages = typeof question === "string" ? [{ role: "user" as const, content: question }] : question;
    checkTurns(messages);
    const { system = this.#settings.system, tools, onText = () => {}, ...how } = withoutHoles(options);
    const prompt = await encodePrompt(this.template, this.tokenizer, { system, tools, messages }, {
      split: this.#settings.splitSpecialTokens,
    });
    const cachedTokens = prompt.length - this.#past.goBackTo(prompt).length;
    const ids = generate(this.model, prompt, { ...this.#how, ...how, stop: this.#stop, past: this.#past });
    const stream = new TextStream(this.tokenizer, { skipSpecial: this.#settings.skipSpecialTokens });
    let text = "", tokens = 0;
    const say = (piece: string) => {
      text += piece;
      if (piece !== "") onText(piece);
    };
    for (;;) {
      const next = await ids.next();
      if (next.done) {
        say(await stream.end());
        return { text, promptTokens: prompt.length, cachedTokens, tokens, ending: next.value };
      }
      tokens++;
      say(await stream.push(next.value));
    }
  }

  /** Disposes the model too. */
  [Symbol.dispose]() {
    this.#past[Symbol.dispose]();
    this.model[Symbol.dispose]();
  }
}

/**
 * Loads what a recipe names: the model with its adapters, tokenizer and template as they were trained; and seeds the random
 * numbers. Answers end at EOS, at the template's stop words, and at each EOS of generation_config.json and config.json.
 *
 * @example
 * ```ts
 * using chat = await loadChat(makeRecipe({ modelNameOrPath: "examples/tiny" }));
 * console.log(await chat.answer("How do I list images?"));
 * ```
 */
export async function loadChat(
  given: LoadChatSettings,
  { onNote, onProgress, listener }: {
    onNote?: (sentence: string) => void;
    onProgress?: (share: number) => void;
    /** Told of downloads. */
    listener?: Listener;
  } = {},
): Promise<Chat> {
  const recipe = await located(given, { listener });
  const folders = trainedFolders(recipe, { onNote });
  const tokenizer = await Tokenizer.load(folders[0], recipe);
  const template = await chooseTemplate(recipe, tokenizer, { onWarning: onNote });
  const ends = await configuredEnds(folders);
  const model = await loadWithAdapters(recipe, { onNote, onProgress });
  checkAddedTokens(recipe, tokenizer, { model, onNote });
  manualSeed(recipe.seed);
  return new Chat({ model, tokenizer, template, ends }, recipe);
}

function checkTurns(messages: readonly Message[]) {
  const wrong = messages.findIndex(({ role }, i) =>
    (i % 2 === 0 ? ["user", "observation"] : ["assistant", "function"]).includes(role) === false
  );
  if (wrong >= 0) {
    throw new FtxError(
      `Cannot answer: message ${wrong + 1} has the role "${messages[wrong].role}"; questions (user, observation) and ` +
        "answers (assistant, function) must alternate, beginning with a question",
    );
  }
  if (messages.length % 2 === 1) return;
  throw new FtxError(
    `Cannot answer: ${
      messages.length ? "the last message is an answer" : "there are no messages"
    }; end with a question`,
  );
}

/** Drops undefined options, which would hide the recipe's. */
function withoutHoles(options: AnswerOptions): AnswerOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
