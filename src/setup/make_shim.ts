// A planned shim becomes a shim that loads. Setups at the same time wait for one another.

import { dirname } from "node:path";
import { FtxError } from "../errors.ts";
import { exists, openLibtorch, reasonOf } from "../libtorch/mod.ts";
import { Lock } from "../net/mod.ts";
import { compileShim, type ShimPlan } from "./compile.ts";
import type { Compiler } from "./compiler.ts";
import { prune, writing } from "./storage.ts";

/** Compiles what the plan lacks, loads the result once, and drops old objects and shims. Returns the shim's path. */
export function makeShim(plan: ShimPlan, compiler: Compiler): Promise<string> {
  return writing(plan.build, "free 300 MB, or set XDG_CACHE_HOME to a folder that you may write", async () => {
    await Deno.mkdir(plan.build, { recursive: true });
    using _held = await Lock.take(
      `${plan.build}/shim.lock`,
      () => console.error("Waiting for another setup to compile"),
    );
    if (exists(plan.shim)) return plan.shim; // the other one made the same
    await compileShim(plan, compiler);
    check(plan);
    prune(`${plan.build}/objects`, new Set(plan.objects.map(({ object }) => object)));
    prune(`${plan.build}/shim`, new Set([dirname(plan.shim)]));
    return plan.shim;
  });
}

/** Loads the new shim once: a name that libtorch lacks is a sentence here, not a crash of the first run. */
function check({ libtorch, shim }: ShimPlan): void {
  openLibtorch(libtorch.root);
  try {
    Deno.dlopen(shim, {}).close();
  } catch (error) {
    Deno.removeSync(shim); // so that the next setup does not take it for good
    throw new FtxError(
      `Cannot load the new shim with libtorch ${libtorch.version}: ${reasonOf(error)}; ` +
        "name another compiler in CXX, or set FTX_LIBTORCH to another libtorch",
    );
  }
}
