import { own } from "../outside.ts";
import { GROUPS, NEEDLESS, VALUES } from "./known_keys.ts";

interface NotYet {
  what: string;
  off: unknown;
}

const KEYS: ReadonlyMap<string, NotYet> = new Map(
  GROUPS.flatMap(([what, keys]) => Object.entries(keys).map(([key, off]) => [key, { what, off }])),
);

/** All keys (snake_case) of LLaMA-Factory and Hugging Face for which ftx has no setting of that name. */
export const KNOWN_KEYS: readonly string[] = [
  ...KEYS.keys(),
  ...[NEEDLESS, RENAMED, OTHERWISE].flatMap((keys) => Object.keys(keys)),
];

/** What such a key asks for; "" if it asks for nothing; undefined if the key is not known. */
export function notYetKey(key: string, value: unknown): string | undefined {
  const known = KEYS.get(key);
  if (known === undefined) return undefined;
  return asksNothing(value, known.off) ? "" : known.what;
}

/** What an unsupported value of one of ftx's settings asks for; undefined if the value is not known. */
export function notYetValue(key: string, value: unknown): string | undefined {
  const words = Array.isArray(value) ? value : String(value).split(",");
  return words.map((word) => own(own(VALUES, key) ?? {}, String(word).trim().toLowerCase())).find((what) =>
    what !== undefined
  );
}

/** The sentence's end for what ftx cannot do. */
export function notYet(what: string): string {
  return `ftx does not support ${what} yet`;
}

/** A member of an object that is its own: names come from files. */
export function ownOf<T>(object: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Whether a key that is set to `value` asks for nothing, given the value `off` that does. */
export function asksNothing(value: unknown, off: unknown): boolean {
  if (value === null || value === undefined || value === "" || value === "null") return true;
  const word = String(value).toLowerCase();
  if (word === String(off).toLowerCase() || Number(value) === off) return true;
  return off !== true && (word === "false" || word === "none");
}
