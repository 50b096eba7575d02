import type { Tokenizer } from "../tokenizer/mod.ts";

const REPLACEMENT = "\ufffd"; // what bytes decode to that are not a character, or not yet

/**
 * Decodes ids that arrive one by one. A character whose bytes span several tokens is held back until it is complete. Each
 * token is decoded together with those before it, back to the last place where the text was complete, because some
 * tokenizers drop a space at the start of a text. All pieces together are the text of all ids.
 */
export class TextStream {
  readonly #tokenizer: Pick<Tokenizer, "decode">;
  readonly #skipSpecial: boolean;
  #ids: number[] = []; // of the last piece that was returned, and those since
  #given = 0; // how many of them belong to that piece
  #before = ""; // their text

  constructor(tokenizer: Pick<Tokenizer, "decode">, { skipSpecial = true } = {}) {
    this.#tokenizer = tokenizer;
    this.#skipSpecial = skipSpecial;
  }

  /** Takes the next id; returns the text that is now final, often "". */
  async push(id: number): Promise<string> {
    this.#ids.push(id);
    const text = await this.#decode(this.#ids);
    const isWhole = text.length > this.#before.length && !text.endsWith(REPLACEMENT);
    return isWhole ? await this.#give(text) : "";
  }

  /** Returns the text that was held back. */
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
