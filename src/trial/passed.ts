import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { userCache } from "../libtorch/mod.ts";

const here = new Set<string>(); // what this process knows has passed

/** Whether a trial of this key has passed before. */
export function hasPassed(key: string): boolean {
  return here.has(key) || existsSync(pathOf(key));
}

/** Remembers that it has, for later processes too where the cache can be written. */
export function keepPassed(key: string): void {
  here.add(key);
  try {
    mkdirSync(dirname(pathOf(key)), { recursive: true });
    writeFileSync(pathOf(key), "");
  } catch {
    // Then every process tries it once.
  }
}

function pathOf(key: string): string {
  return join(process.env.FTX_CACHE ?? userCache(), "passed", key);
}
