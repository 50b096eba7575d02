import { shortened } from "../errors.ts";

const LONGEST = 255; // bytes of a part between slashes, the limit of file systems

/**
 * Why a hub's path for a file cannot be used below a folder; undefined if it can. Paths come from strangers: one that leads
 * elsewhere would let a repository write outside the cache.
 *
 * @example
 * ```ts
 * badName("data/train.jsonl"); // undefined
 * badName("../../.bashrc"); // "it leads out of the cache"
 * ```
 */
export function badName(name: string): string | undefined {
  if (name === "") return "it is empty";
  if (/^[/\\]|^[A-Za-z]:/.test(name)) return "it is an absolute path";
  const parts = name.split("/");
  if (parts.some((part) => part === "." || part === ".." || part === "")) return "it leads out of the cache";
  if (/[\\\p{Cc}\u2028\u2029]/u.test(name)) {
    return "it has characters that file names must not have";
  }
  if (parts.some((part) => new TextEncoder().encode(part).length > LONGEST)) return "it is too long for a file name";
  return undefined;
}

/** A path for a message: at most 80 characters, with those that a terminal would act on written as \\x1b. */
export function shown(name: string): string {
  return shortened(name, 80).replace(
    /[\p{Cc}\u2028\u2029]/gu,
    (c) => "\\x" + c.charCodeAt(0).toString(16).padStart(2, "0"),
  );
}
