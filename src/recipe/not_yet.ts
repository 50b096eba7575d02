import { own } from "../outside.ts";
import { GROUPS } from "./known_keys.ts";
import { NEEDLESS, VALUES } from "./known_values.ts";
import { OTHER_VALUES, OTHERWISE, RENAMED } from "./other_names.ts";

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

/** Why ftx cannot take a value that others know for one of its settings; undefined if the value is not known. */
export function whyNotValue(key: string, value: unknown): string | undefined {
  const words = (Array.isArray(value) ? value : String(value).split(",")).map((word) =>
    String(word).trim().toLowerCase()
  );
  const known = (values: Readonly<Record<string, Record<string, string>>>) =>
    words.map((word) => own(own(values, key) ?? {}, word)).find((what) => what !== undefined);
  const what = known(VALUES);
  return what === undefined ? known(OTHER_VALUES) : notYet(what);
}

/** The sentence's end for what ftx cannot do. */
export function notYet(what: string): string {
  return `ftx does not support ${what} yet`;
}

/** Whether a key that is set to `value` asks for nothing, given the value `off` that does. */
export function asksNothing(value: unknown, off: unknown): boolean {
  if (value === null || value === undefined || value === "" || value === "null") return true;
  const word = String(value).toLowerCase();
  if (word === String(off).toLowerCase() || Number(value) === off) return true;
  return off !== true && (word === "false" || word === "none");
}
