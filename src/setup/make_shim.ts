// From a plan to a shim that loads. Simultaneous setups wait for one another.

import { dirname } from "node:path";
import { FtxError } from "../errors.ts";
import { exists, openLibtorch, reasonOf } from "../libtorch/mod.ts";
import { Lock } from "../net/mod.ts";
import { compileShim, type ShimPlan } from "./compile.ts";
import type { Compiler } from "./compiler.ts";
import { prune, writing } from "./storage.ts";

/** Compiles what the plan lacks, checks that the shim loads, deletes old objects and shims, and returns the shim's path. */
export function makeShim(plan: ShimPlan, compiler: Compiler): Promise<string> {
  return writing(plan.build, "free 300 MB, or set XDG_CACHE_HOME to a folder that you may write", async () => {
    await Deno.mkdir(plan.build, { recursive: true });
    using _held = await Lock.take(
      `${plan.build}/shim.lock`,
      () => console.error("Waiting for another setup to compile"),
    );
    if (exists(plan.shim)) return plan.shim; // the other setup made it
    await compileShim(plan, compiler);
    check(plan);
    prune(`${plan.build}/objects`, new Set(plan.objects.map(({ object }) => object)));
    prune(`${plan.build}/shim`, new Set([dirname(plan.shim)]));
    return plan.shim;
  });
}

/** Loads the new shim once, so that a name that libtorch lacks is an error here and not in the first run. */
function check({ libtorch, shim }: ShimPlan): void {
  openLibtorch(libtorch.root);
  try {
    Deno.dlopen(shim, {}).close();
  } catch (error) {
    Deno.removeSync(shim); // so that the next setup does not use it
    throw new FtxError(
      `Cannot load the new shim with libtorch ${libtorch.version}: ${reasonOf(error)}; ` +
        "name another compiler in CXX, or set FTX_LIBTORCH to another libtorch",
    );
  }
}
