import type { Tokenizer } from "../tokenizer/mod.ts";

const REPLACEMENT = "\ufffd"; // what bytes decode to that are not yet, or never, a character

/**
 * Text of ids that come one by one. A character whose bytes are spread over several tokens is held back until it is
 * whole, and the space that some tokenizers drop at the start of a text is not dropped at each token: a token is decoded
 * together with the ones before it, back to the last place where the text was whole. All parts together are the text of
 * all ids.
 */
export class TextStream {
  readonly #tokenizer: Pick<Tokenizer, "decode">;
  readonly #skipSpecial: boolean;
  #ids: number[] = []; // of two pieces of text: the last that was given, and what came since
  #given = 0; // ids whose text was given
  #before = ""; // their text

  constructor(tokenizer: Pick<Tokenizer, "decode">, { skipSpecial = true } = {}) {
    this.#tokenizer = tokenizer;
    this.#skipSpecial = skipSpecial;
  }

  /** Takes the next id; gives the text that is now sure, often "". */
  async push(id: number): Promise<string> {
    this.#ids.push(id);
    const text = await this.#decode(this.#ids);
    const isWhole = text.length > this.#before.length && !text.endsWith(REPLACEMENT);
    return isWhole ? await this.#give(text) : "";
  }

  /** The text that was held back. */
  async end(): Promise<string> {
    return await this.#give(await this.#decode(this.#ids));
  }

  async #give(text: string): Promise<string> {
    const fresh = text.slice(this.#before.length);
    this.#ids = this.#ids.slice(this.#given);
    this.#given = this.#ids.length;
    this.#before = await this.#decode(this.#ids);
    return fresh;
  }

  #decode(ids: number[]): Promise<string> {
    return this.#tokenizer.decode(ids, { skipSpecial: this.#skipSpecial });
  }
}
