const LONGEST = 255; // bytes of a component: what file systems take

/**
 * Why a hub's name for a file cannot be used under a folder; undefined for a good one. Names come from strangers: one
 * that leads elsewhere would let a repository write outside the cache.
 *
 * @example
 * ```ts
 * badName("data/train.jsonl"); // undefined
 * badName("../../.bashrc"); // "it leads out of the cache"
 * ```
 */
export function badName(name: string): string | undefined {
  if (name === "") return "it is empty";
  if (/^[/\\]|^[A-Za-z]:/.test(name)) return "it begins at the root of the disk";
  const parts = name.split("/");
  if (parts.some((part) => part === "." || part === ".." || part === "")) return "it leads out of the cache";
  if (/[\\\p{Cc}\u2028\u2029]/u.test(name)) {
    return "it has characters that names of files never have";
  }
  if (parts.some((part) => new TextEncoder().encode(part).length > LONGEST)) return "it is too long for a disk";
  return undefined;
}

/** A name in a sentence: characters that a terminal would act on are spelled out, and long ones are cut. */
export function shown(name: string): string {
  const short = name.length > 80 ? name.slice(0, 79) + "…" : name;
  return short.replace(
    /[\p{Cc}\u2028\u2029]/gu,
    (c) => "\\x" + c.charCodeAt(0).toString(16).padStart(2, "0"),
  );
}
