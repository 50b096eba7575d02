// Names and paths that others chose.

import { statSync } from "node:fs";

/** The entry `name` of a table. What every object inherits, such as "constructor", is not in a table. */
export function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** Whether a value from JSON is an object, and no list. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const KINDS = {
  isDirectory: "a folder",
  isFIFO: "a pipe",
  isSocket: "a socket",
  isCharacterDevice: "a device",
  isBlockDevice: "a device",
} as const;

/**
 * What is at a path, or behind the link there, if it is not a file: "a pipe", say, which could be waited for without end.
 * Undefined for a file, and where there is nothing.
 */
export function otherThanFile(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isFile()) return undefined;
  const kinds = Object.keys(KINDS) as (keyof typeof KINDS)[];
  return KINDS[kinds.find((kind) => found[kind]())!];
}
