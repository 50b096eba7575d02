// From a plan to a shim that loads. Simultaneous setups wait for one another.

import { dirname } from "node:path";
import { FtxError } from "../errors.ts";
import { exists, openLibtorch, reasonOf } from "../libtorch/mod.ts";
import { Lock } from "../net/mod.ts";
import { compileShim, type ShimPlan } from "./compile.ts";
import type { Compiler } from "./compiler.ts";
import { keepShim, takeShim } from "./kept_shim.ts";
import { prune, writing } from "./storage.ts";

/**
 * Takes the shim from the user's cache, or compiles what the plan lacks and keeps it there; checks that the shim loads,
 * deletes old objects and shims, and returns the shim's path.
 *
 * @throws {FtxError} It must be compiled, and there is no compiler.
 */
export function makeShim(plan: ShimPlan, compiler: () => Promise<Compiler>): Promise<string> {
  return writing(plan.build, "free 300 MB, or set XDG_CACHE_HOME to a folder that you may write", async () => {
    await Deno.mkdir(plan.build, { recursive: true });
    using _held = await Lock.take(
      `${plan.build}/shim.lock`,
      () => console.error("Waiting for another setup to compile"),
    );
    if (exists(plan.shim)) return plan.shim; // the other setup made it
    if (takeShim(plan) && why(plan) === undefined) return plan.shim;
    await compileShim(plan, await compiler());
    const failure = why(plan);
    if (failure !== undefined) {
      throw new FtxError(
        `Cannot load the new shim with libtorch ${plan.libtorch.version}: ${failure}; ` +
          "name another compiler in CXX, or set FTX_LIBTORCH to another libtorch",
      );
    }
    keepShim(plan);
    prune(`${plan.build}/objects`, new Set(plan.objects.map(({ object }) => object)));
    prune(`${plan.build}/shim`, new Set([dirname(plan.shim)]));
    return plan.shim;
  });
}

/** Loads a shim once: a name that libtorch lacks shows here and not in the first run. Deletes one that does not load, and says why. */
function why({ libtorch, shim }: ShimPlan): string | undefined {
  openLibtorch(libtorch.root);
  try {
    Deno.dlopen(shim, {}).close();
  } catch (error) {
    Deno.removeSync(shim); // so that the next setup does not use it
    return reasonOf(error);
  }
}
