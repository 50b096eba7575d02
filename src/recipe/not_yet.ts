import { GROUPS, NEEDLESS, VALUES } from "./known_keys.ts";

interface NotYet {
  what: string;
  off: unknown;
}

const KEYS: ReadonlyMap<string, NotYet> = new Map(
  GROUPS.flatMap(([what, keys]) => Object.entries(keys).map(([key, off]) => [key, { what, off }])),
);

/** All keys (snake_case) of LLaMA-Factory and Hugging Face for which ftx has no setting. */
export const KNOWN_KEYS: readonly string[] = [...KEYS.keys(), ...Object.keys(NEEDLESS)];

/** What such a key asks for; "" if it asks for nothing; undefined if the key is not known. */
export function notYetKey(key: string, value: unknown): string | undefined {
  const known = KEYS.get(key);
  if (known === undefined) return undefined;
  return asksNothing(value, known.off) ? "" : known.what;
}

/** What an unsupported value of one of ftx's settings asks for; undefined if the value is not known. */
export function notYetValue(key: string, value: unknown): string | undefined {
  const words = Array.isArray(value) ? value : String(value).split(",");
  return words.map((word) => VALUES[key]?.[String(word).trim().toLowerCase()]).find((what) => what !== undefined);
}

function asksNothing(value: unknown, off: unknown): boolean {
  if (value === null || value === undefined || value === "" || value === "null") return true;
  const word = String(value).toLowerCase();
  if (word === String(off).toLowerCase() || Number(value) === off) return true;
  return off !== true && (word === "false" || word === "none");
}
