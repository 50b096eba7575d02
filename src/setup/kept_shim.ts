// Shims in the user's cache, by the hash of their sources and their libtorch: a second clone takes what the first compiled.

import { createHash } from "node:crypto";
import { basename, dirname } from "node:path";
import { userCache } from "../libtorch/mod.ts";
import type { ShimPlan } from "./compile.ts";
import { prune } from "./storage.ts";

const SUM = "libftx.so.sha256";

/** The folder in which the shim of a plan is kept. */
const placeOf = ({ shim }: ShimPlan, cache: string) => `${cache}/shims/${basename(dirname(shim))}`;

const sumOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** The bytes of the kept shim of a plan; undefined if there is none, or they are not those that were kept. Reads 2 MB. */
export function keptShim(plan: ShimPlan, cache = userCache()): Uint8Array | undefined {
  const place = placeOf(plan, cache);
  try {
    const bytes = Deno.readFileSync(`${place}/libftx.so`);
    return sumOf(bytes) === Deno.readTextFileSync(`${place}/${SUM}`) ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** Writes the kept shim of a plan to its place in the plan; false if there is none that is whole. */
export function takeShim(plan: ShimPlan, cache = userCache()): boolean {
  const bytes = keptShim(plan, cache);
  if (bytes === undefined) return false;
  const temporary = `${plan.shim}.${Deno.pid}`;
  Deno.mkdirSync(dirname(plan.shim), { recursive: true });
  Deno.writeFileSync(temporary, bytes);
  Deno.renameSync(temporary, plan.shim);
  attempt(() => Deno.utimeSync(placeOf(plan, cache), new Date(), new Date())); // in use: not to be deleted soon
  return true;
}

/** Keeps the shim of a plan for other clones, in place of one that is spoiled. A cache that cannot be written is left alone. */
export function keepShim(plan: ShimPlan, cache = userCache()): void {
  const place = placeOf(plan, cache), temporary = `${place}.${Deno.pid}`;
  attempt(() => {
    const bytes = Deno.readFileSync(plan.shim);
    Deno.mkdirSync(temporary, { recursive: true });
    Deno.writeFileSync(`${temporary}/libftx.so`, bytes);
    Deno.writeTextFileSync(`${temporary}/${SUM}`, sumOf(bytes));
    attempt(() => Deno.removeSync(place, { recursive: true }));
    Deno.renameSync(temporary, place);
    prune(dirname(place), new Set([place]));
  });
  attempt(() => Deno.removeSync(temporary, { recursive: true }));
}

function attempt(change: () => void): void {
  try {
    change();
  } catch {
    return; // someone else's cache, a read-only or a full one
  }
}
