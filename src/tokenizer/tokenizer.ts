import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { AddedToken, type Tokenizer as Native } from "tokenizers";
import { CheckpointError, quoted } from "../errors.ts";
import { checkTokenizer } from "./check.ts";
import { type Added, declareAdded, idsOf } from "./declare_added.ts";
import { readTokenizerFiles, type TokenizerFiles } from "./files.ts";
import { openTried } from "./native.ts";
import { addedTokens, declaredTokens, hidden, hideSpecials, specialText } from "./special.ts";

/** A token with a special role: its id and its text. */
export interface SpecialToken {
  readonly id: number;
  readonly text: string;
}

/** How a tokenizer is loaded. */
export interface TokenizerOptions {
  /** Tokens to add to the vocabulary, as ordinary words (`add_tokens`). */
  addTokens?: string[];
  /** Tokens to add to the vocabulary that decoding can leave out (`add_special_tokens`). */
  addSpecialTokens?: string[];
}

/**
 * A model's tokenizer. It never adds BOS or EOS to a text. Encoding runs in native threads.
 *
 * @example
 * const tokenizer = await Tokenizer.load("examples/tiny");
 * const ids = await tokenizer.encode("How do I list images?");
 * console.log(await tokenizer.decode(ids));
 */
export class Tokenizer {
  /** The token that begins a text, if the model has one. */
  bos: SpecialToken | undefined;
  /** The token that ends a text, if the model has one. */
  eos: SpecialToken | undefined;
  /** The padding token of other programs; ftx itself never pads. */
  pad: SpecialToken | undefined;
  /** True if the rules in tokenizer.json put BOS in front of each text; as for transformers 5, `add_bos_token` is nothing. */
  readonly addsBos: boolean;
  /** The Jinja chat template: the one that came with it, until a run sets another. */
  chatTemplate: string | undefined;
  /** Paths of its files as loaded; `save` writes them with the tokens added since. */
  readonly files: string[];
  readonly #native: Native;
  readonly #source: TokenizerFiles;
  readonly #added: Omit<Added, "id">[] = [];
  #plain: Promise<Native> | undefined;
  #specialTexts: string[] | undefined;

  private constructor(native: Native, source: TokenizerFiles, addsBos: boolean) {
    this.#native = native;
    this.#source = source;
    this.files = source.paths;
    this.chatTemplate = source.chatTemplate;
    this.bos = this.special(specialText(source, "bos_token"));
    this.eos = this.special(specialText(source, "eos_token")) ?? this.#byId(source.model.eos_token_id);
    this.pad = this.special(specialText(source, "pad_token")) ?? this.#byId(source.model.pad_token_id);
    this.addsBos = this.bos !== undefined && addsBos;
  }

  /** Loads the tokenizer of a model's folder. Throws `CheckpointError` with the file and the remedy. */
  static async load(folder: string, options: TokenizerOptions = {}): Promise<Tokenizer> {
    const source = readTokenizerFiles(folder);
    const path = join(folder, "tokenizer.json");
    checkTokenizer(path, source.tokenizer);
    const native = await openTried(path, { text: source.text, declared: declaredTokens(source) });
    const tokenizer = new Tokenizer(native, source, await putsFirst(native, specialText(source, "bos_token")));
    tokenizer.add(options.addTokens ?? [], { special: false });
    tokenizer.add(options.addSpecialTokens ?? [], { special: true });
    return tokenizer;
  }

  /** Tokens in the vocabulary, added ones included. The embedding must have at least this many rows. */
  get vocabSize(): number {
    return this.#native.getVocabSize(true);
  }

  /** The number of tokens, and the ids of those that were added since loading. */
  get vocabulary(): { tokens: number; added: number[] } {
    return { tokens: this.vocabSize, added: this.added.map((token) => this.idOf(token)!) };
  }

  /** Tokens that were added since loading: the model's embedding may have no row for them. */
  get added(): readonly string[] {
    return this.#added.map(({ text }) => text);
  }

  /** Ids of a text. Special tokens in it become their ids or, with `split`, are encoded as ordinary text. */
  async encode(text: string, { split = false } = {}): Promise<number[]> {
    const native = split ? await this.#withoutSpecials() : this.#native;
    try {
      return (await native.encode(text, null, { addSpecialTokens: false })).getIds();
    } catch (error) {
      throw this.#cannot(`encode ${quoted(text)}`, error);
    }
  }

  /** Ids of many texts, encoded in parallel. */
  async encodeBatch(texts: string[], { split = false } = {}): Promise<Int32Array[]> {
    if (texts.length === 0) return [];
    const native = split ? await this.#withoutSpecials() : this.#native;
    try {
      const encodings = await native.encodeBatch(texts, { addSpecialTokens: false });
      return encodings.map((encoding) => Int32Array.from(encoding.getIds()));
    } catch {
      const lists = [];
      for (const text of texts) lists.push(Int32Array.from(await this.encode(text, { split }))); // names the text
      return lists;
    }
  }

  /** The text of ids. `skipSpecial` leaves special tokens out. */
  async decode(ids: ArrayLike<number>, { skipSpecial = false } = {}): Promise<string> {
    return (await this.decodeBatch([ids], { skipSpecial }))[0];
  }

  /** The texts of many id lists. */
  async decodeBatch(ids: ArrayLike<number>[], { skipSpecial = false } = {}): Promise<string[]> {
    try {
      return await this.#native.decodeBatch(ids.map((list) => Array.from(list)), skipSpecial);
    } catch (error) {
      throw this.#cannot("decode tokens", error);
    }
  }

  /** The first of config.json's ids for a role that no file of the tokenizer names. */
  #byId(ids: unknown): SpecialToken | undefined {
    const id = [ids].flat().find((one) => Number.isInteger(one) && this.tokenOf(one as number) !== undefined);
    return id === undefined ? undefined : { id: id as number, text: this.tokenOf(id as number)! };
  }

  #cannot(what: string, error: unknown): CheckpointError {
    const says = quoted((error as Error).message);
    return new CheckpointError(
      `Cannot ${what} with "${this.files[0]}": the tokenizer library says ${says}; use another tokenizer.json`,
    );
  }

  /** The id of a token, spelled as in the vocabulary. */
  idOf(token: string): number | undefined {
    return this.#native.tokenToId(token) ?? undefined;
  }

  /** The token of an id, spelled as in the vocabulary. */
  tokenOf(id: number): string | undefined {
    return this.#native.idToToken(id) ?? undefined;
  }

  /** A token with its id; undefined if the vocabulary lacks it. */
  special(text: string | undefined): SpecialToken | undefined {
    const id = text === undefined ? undefined : this.idOf(text);
    return id === undefined ? undefined : { id, text: text! };
  }

  /** Texts of the added tokens that count as special, longest first. */
  get specialTexts(): string[] {
    if (this.#specialTexts !== undefined) return this.#specialTexts;
    const texts = addedTokens(this.#source).filter((token) => token.special).map((token) => token.content);
    const added = this.#added.filter(({ special }) => special).map(({ text }) => text);
    return this.#specialTexts = [...new Set([...texts, ...added])].sort((a, b) => b.length - a.length);
  }

  /** Adds tokens to the vocabulary; existing ones stay unchanged. Returns how many are new. */
  add(tokens: string[], { special }: { special: boolean }): number {
    const fresh = [...new Set(tokens)].filter((token) => token !== "" && this.idOf(token) === undefined);
    if (fresh.length === 0) return 0;
    const empty = special
      ? undefined
      : fresh.find((token) => this.#native.getNormalizer()?.normalizeString(token) === "");
    if (empty !== undefined) { // the library would end the process at the first text
      throw new CheckpointError(
        `Cannot add the token ${
          JSON.stringify(empty)
        }: the tokenizer's normalizer leaves nothing of it; choose another text`,
      );
    }
    this.#native.addAddedTokens(fresh.map((token) => new AddedToken(token, special)));
    this.#added.push(...fresh.map((text) => ({ text, special })));
    this.#plain = this.#specialTexts = undefined;
    return fresh.length;
  }

  /** A hash of everything that decides which ids a text gets. The roles of EOS and pad, which a template may change,
   * are not part of it. */
  get fingerprint(): string {
    const declared = declaredTokens(this.#source);
    const parts = [this.#source.text, declared, this.bos?.text, this.addsBos, this.#added];
    return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
  }

  /**
   * The tokenizer's files by name: as they were read, except where tokens were added, or EOS, pad or the chat template
   * changed. A changed chat template is a file of its own, as transformers 5 saves it.
   */
  contents(): Record<string, Uint8Array | string> {
    const contents: Record<string, Uint8Array | string> = {};
    for (const file of this.files) contents[basename(file)] = readFileSync(file);
    const added = this.#added.map((token) => ({ ...token, id: this.idOf(token.text)! }));
    if (added.length > 0) contents["tokenizer.json"] = this.#saved();
    const { config, specials, added: listed, chatTemplate } = this.#source, roles = this.#roles();
    const changed = this.chatTemplate !== chatTemplate;
    if (changed && this.chatTemplate !== undefined) contents["chat_template.jinja"] = this.chatTemplate;
    const { chat_template: _, ...rest } = config;
    const now: Record<string, Record<string, unknown>> = {
      "tokenizer_config.json": { ...(changed ? rest : config), ...roles, ...declareAdded(config, added) },
      "special_tokens_map.json": {
        ...specials,
        ...("special_tokens_map.json" in contents ? roles : {}),
        ...declareAdded(specials, added),
      },
      "added_tokens.json": { ...listed, ...("added_tokens.json" in contents ? idsOf(added) : {}) },
    };
    const files = [
      ["tokenizer_config.json", config],
      ["special_tokens_map.json", specials],
      ["added_tokens.json", listed],
    ] as const;
    for (const [name, before] of files) {
      if (JSON.stringify(now[name]) !== JSON.stringify(before)) {
        contents[name] = JSON.stringify(now[name], null, 2) + "\n";
      }
    }
    return contents;
  }

  /** Writes the tokenizer's files into a folder. */
  save(folder: string): void {
    mkdirSync(folder, { recursive: true });
    for (const [name, content] of Object.entries(this.contents())) writeFileSync(join(folder, name), content);
  }

  // The library writes to a path only.
  #saved(): string {
    const folder = mkdtempSync(join(tmpdir(), "ftx-tokenizer-"));
    try {
      this.#native.save(join(folder, "tokenizer.json"), true);
      return readFileSync(join(folder, "tokenizer.json"), "utf8");
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  #roles(): Record<string, string> {
    const roles: Record<string, string> = {};
    for (const role of ["bos", "eos", "pad"] as const) {
      const text = this[role]?.text;
      if (text !== undefined && text !== specialText(this.#source, `${role}_token`)) roles[`${role}_token`] = text;
    }
    return roles;
  }

  /** The same vocabulary and ids, but special tokens in a text are read as ordinary characters. */
  #withoutSpecials(): Promise<Native> {
    return this.#plain ??= openTried(this.files[0], hideSpecials(this.#source)).then((plain) => {
      plain.addAddedTokens(
        this.#added.map(({ text, special }) => new AddedToken(special ? hidden(text) : text, false)),
      );
      return plain;
    });
  }
}

/** Whether the tokenizer's own rules put a token in front of each text. */
async function putsFirst(native: Native, token: string | undefined): Promise<boolean> {
  if (token === undefined) return false;
  try {
    const [first] = (await native.encode("a", null, { addSpecialTokens: true })).getIds();
    return first !== undefined && first === native.tokenToId(token);
  } catch {
    return false; // rules that name a token which it lacks
  }
}
