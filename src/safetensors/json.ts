import { CheckpointError } from "../errors.ts";
import { otherThanFile } from "../outside.ts";

/** A number as it was written: `1.0` and `1` are the same to JavaScript, but not to every format. */
export class JsonNumber {
  constructor(readonly source: string) {}

  /** The value as a whole number without sign, point or exponent, at most 2^64 - 1; undefined for everything else. */
  get natural(): number | bigint | undefined {
    if (!/^(0|[1-9][0-9]*)$/.test(this.source)) return undefined;
    const near = Number(this.source);
    if (Number.isSafeInteger(near)) return near;
    if (this.source.length > 20) return undefined;
    const exact = BigInt(this.source);
    return exact < 2n ** 64n ? exact : undefined;
  }
}

/** JSON with nothing lost: numbers as written, objects as maps in the order of the file. */
export type Json = null | boolean | string | JsonNumber | Json[] | Map<string, Json>;

/**
 * Reads JSON more strictly than `JSON.parse`: a key twice in one object, nesting beyond `depth`, a lone half of a
 * surrogate pair, a number beyond 1e308, and text after the end are errors.
 *
 * @throws {SyntaxError} What is wrong and at which line and column.
 */
export function parseJson(text: string, { depth = 64 }: { depth?: number } = {}): Json {
  return new Scanner(text, depth).document();
}

/** What is wrong with a text that is not JSON, and at which line and column. */
export function whyNotJson(text: string): string {
  try {
    parseJson(text);
  } catch (error) {
    return (error as Error).message;
  }
  return "it is more than JSON";
}

/** Converts to ordinary objects and numbers. A key `__proto__` stays an ordinary key. */
export function plain(json: Json): unknown {
  if (json instanceof JsonNumber) return Number(json.source);
  if (Array.isArray(json)) return json.map(plain);
  if (!(json instanceof Map)) return json;
  return Object.fromEntries([...json].map(([key, value]) => [key, plain(value)]));
}

/**
 * Reads a JSON file of a model folder that holds one object, strictly and only up to `limit` bytes.
 *
 * @throws {CheckpointError} The file is missing, too large, not UTF-8, not JSON or not an object.
 */
export async function readJsonObject(path: string, { limit = 16 * 2 ** 20 } = {}): Promise<Record<string, unknown>> {
  const bytes = await readSmall(path, limit);
  const wrong = (what: string) => new CheckpointError(`Cannot read "${path}": ${what}; correct it or fetch it again`);
  let json: Json;
  try {
    json = parseJson(decodeUtf8(bytes));
  } catch (error) {
    throw wrong(`it is not JSON (${(error as Error).message})`);
  }
  if (!(json instanceof Map)) throw wrong("it is not a JSON object");
  return plain(json) as Record<string, unknown>;
}

/** Strict UTF-8: a byte-order mark stays in the text, which is then not JSON. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new SyntaxError("its bytes are not UTF-8");
  }
}

async function readSmall(path: string, limit: number): Promise<Uint8Array> {
  let info;
  try {
    info = await Deno.stat(path);
    if (info.isFile && info.size <= limit) return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new CheckpointError(`Cannot read "${path}": there is no such file; check the path`);
    }
    throw new CheckpointError(`Cannot read "${path}": ${(error as Error).message}; check the path and its permissions`);
  }
  const kind = otherThanFile(path);
  const what = kind === undefined ? `it has ${info.size} bytes, but at most ${limit} are read` : `it is ${kind}`;
  throw new CheckpointError(`Cannot read "${path}": ${what}; fetch it again`);
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const LARGEST = 1e308; // beyond it, readers overflow at different values

class Scanner {
  #at = 0;

  constructor(readonly text: string, readonly depth: number) {}

  document(): Json {
    this.#space();
    const value = this.#value(1);
    this.#space();
    if (this.#at < this.text.length) throw this.#error("there is text after the end");
    return value;
  }

  #value(depth: number): Json {
    switch (this.text.charCodeAt(this.#at)) {
      case 0x7b: // {
        return this.#object(depth);
      case 0x5b: // [
        return this.#array(depth);
      case 0x22: // "
        return this.#string();
      case 0x74: // t
        return this.#word("true", true);
      case 0x66: // f
        return this.#word("false", false);
      case 0x6e: // n
        return this.#word("null", null);
      default:
        return this.#number();
    }
  }

  #object(depth: number): Map<string, Json> {
    const object = new Map<string, Json>();
    this.#enter(depth);
    if (this.#take("}")) return object;
    do {
      this.#space();
      if (this.text[this.#at] !== '"') throw this.#error("a key is expected");
      const key = this.#string();
      if (object.has(key)) throw this.#error(`the key ${brief(key)} appears twice`);
      if (!this.#take(":")) throw this.#error('":" is expected');
      this.#space();
      object.set(key, this.#value(depth + 1));
    } while (this.#take(","));
    if (!this.#take("}")) throw this.#error('"," or "}" is expected');
    return object;
  }

  #array(depth: number): Json[] {
    const array: Json[] = [];
    this.#enter(depth);
    if (this.#take("]")) return array;
    do {
      this.#space();
      array.push(this.#value(depth + 1));
    } while (this.#take(","));
    if (!this.#take("]")) throw this.#error('"," or "]" is expected');
    return array;
  }

  #enter(depth: number): void {
    if (depth > this.depth) throw this.#error(`it is nested more than ${this.depth} deep`);
    this.#at++;
  }

  #string(): string {
    const { text } = this;
    const start = this.#at;
    let end = start + 1;
    let simple = true;
    for (;; end++) {
      const code = text.charCodeAt(end); // NaN at the end
      if (code === 0x22) break;
      if (code === 0x5c) {
        simple = false;
        end++;
      } else if (!(code >= 0x20)) {
        this.#at = end;
        throw this.#error(code >= 0 ? "a string contains a control character" : "a string does not end");
      }
    }
    this.#at = end + 1;
    if (simple) return text.slice(start + 1, end);
    let value;
    try {
      value = JSON.parse(text.slice(start, end + 1)) as string;
    } catch {
      throw this.#error("a string has an unknown escape");
    }
    if (!value.isWellFormed()) throw this.#error("a string has a lone half of a surrogate pair");
    return value;
  }

  #number(): JsonNumber {
    NUMBER.lastIndex = this.#at;
    if (!NUMBER.test(this.text)) {
      throw this.#error(this.#at < this.text.length ? "a value is expected" : "it ends too early");
    }
    const source = this.text.slice(this.#at, NUMBER.lastIndex);
    if (source.length > 3 && Math.abs(Number(source)) > LARGEST) throw this.#error("a number is too large");
    this.#at += source.length;
    return new JsonNumber(source);
  }

  #word<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.#at)) throw this.#error("a value is expected");
    this.#at += word.length;
    return value;
  }

  /** Skips space, then `mark` if it comes next; returns whether it did. */
  #take(mark: string): boolean {
    this.#space();
    if (this.text[this.#at] !== mark) return false;
    this.#at++;
    return true;
  }

  #space(): void {
    const { text } = this;
    let at = this.#at;
    for (;; at++) {
      const code = text.charCodeAt(at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) break;
    }
    this.#at = at;
  }

  #error(what: string): SyntaxError {
    const before = this.text.slice(0, this.#at);
    const line = before.split("\n").length;
    return new SyntaxError(`line ${line}, column ${this.#at - before.lastIndexOf("\n")}: ${what}`);
  }
}

/** A name in quotes for a message, cut to 60 characters: a hostile file must not fill the screen. */
export function brief(name: string): string {
  const quoted = JSON.stringify(name);
  return quoted.length > 60 ? quoted.slice(0, 58) + '…"' : quoted;
}
