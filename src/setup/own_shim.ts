// The shim for a libtorch that neither the program nor the last setup has one for: compiled on this machine, once.

import { dirname } from "node:path";
import { FtxError } from "../errors.ts";
import {
  exists,
  type Libtorch,
  minor,
  programRoot,
  type Shim,
  shippedVersions,
  TESTED,
  workFolder,
} from "../libtorch/mod.ts";
import { planShim } from "./compile.ts";
import { type Compiler, findCompiler, NoCompilerError } from "./compiler.ts";
import { makeShim } from "./make_shim.ts";

/** What `ownShim` works with; tests give their own. */
export interface Workshop {
  /** The folder of the shim's sources. */
  sources: string;
  /** The folder of the results. */
  build: string;
  /** The minor versions of libtorch that the program came with shims for. */
  shipped: string[];
  compiler: () => Promise<Compiler>;
}

/**
 * The shim that was compiled for this libtorch earlier, or else is compiled now, with a notice.
 *
 * @param passedOver why each of the other shims does not fit
 * @throws {FtxError} There is no compiler; the sentence says what to do.
 */
export async function ownShim(libtorch: Libtorch, passedOver: string[], workshop?: Workshop): Promise<Shim> {
  const { sources, build, shipped, compiler } = workshop ?? here();
  const plan = planShim(libtorch, sources, build);
  if (!exists(plan.shim)) {
    await makeShim(plan, async () => {
      const found = await compiler().catch((error) => {
        throw error instanceof NoCompilerError ? noShim(libtorch, shipped, passedOver, error) : error;
      });
      console.error(`ftx has no shim for libtorch ${libtorch.version} yet: compiling one now`);
      return found;
    });
  } else keep(plan.shim);
  return { path: plan.shim, why: "compiled here" };
}

/** Marks a shim as used today, so that compiling another one does not delete it. */
function keep(shim: string): void {
  try {
    Deno.utimeSync(dirname(shim), new Date(), new Date());
  } catch {
    return; // another user's cache, or a read-only one: nothing is deleted there either
  }
}

/** The shim that was compiled for this libtorch earlier; undefined if there is none. */
export function earlierShim(libtorch: Libtorch): Shim | undefined {
  const { sources, build } = here(), { shim } = planShim(libtorch, sources, build);
  return exists(shim) ? { path: shim, why: "compiled here" } : undefined;
}

function here(): Workshop {
  return {
    sources: `${programRoot()}/ffi`,
    build: workFolder(),
    shipped: shippedVersions(),
    compiler: () => findCompiler(),
  };
}

/** The error that says which libtorch was found, which ones ftx has shims for, and what to do. */
function noShim(
  { version, root }: Libtorch,
  shipped: string[],
  passedOver: string[],
  compiler: NoCompilerError,
): FtxError {
  const brought = shipped.length ? `only shims for ${and(shipped)}` : "no shims";
  const why = passedOver.length ? passedOver.join(", ") : `this ftx has ${brought}`;
  const others = shipped.filter((one) => one !== minor(version));
  const fetch = others.includes(minor(TESTED)) ? `, or run "ftx setup --fetch" for libtorch ${TESTED}` : "";
  const other = others.length ? `, or set FTX_LIBTORCH to a libtorch ${others.join(" or ")}${fetch}` : "";
  return new FtxError(
    `Cannot load a shim for libtorch ${version} in "${root}": ${why}, and it cannot compile one: ${compiler.why}; ` +
      compiler.remedy + other,
  );
}

function and(words: string[]): string {
  return [words.slice(0, -1).join(", "), words.at(-1)].filter(Boolean).join(" and ");
}
