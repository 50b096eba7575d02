// One shim a minor version of libtorch, in the program's folder `shims`.

import { FtxError } from "../../src/errors.ts";
import { exists, findLibtorch, type Libtorch, minor, readLibtorch } from "../../src/libtorch/mod.ts";
import { compileShim, findCompiler, planShim } from "../../src/setup/mod.ts";

/** The libtorchs in these folders, or the one in use. Throws an `FtxError` if one is none, or two have one minor version. */
export function libtorchsIn(folders: string[]): Libtorch[] {
  if (folders.length === 0) return [findLibtorch()];
  const all = folders.map((root) => {
    const found = readLibtorch(root);
    if (typeof found !== "string") return { root, ...found, why: "--libtorch" };
    throw new FtxError(
      `Cannot build a shim for "${root}": it ${found}; name the folder with its lib and include`,
    );
  });
  for (const [i, one] of all.entries()) {
    const same = all.slice(0, i).find((other) => minor(other.version) === minor(one.version));
    if (same) {
      throw new FtxError(
        `Cannot build two shims for libtorch ${
          minor(one.version)
        } ("${same.root}", "${one.root}"): leave one out, a shim ` +
          "serves the CPU and the CUDA build",
      );
    }
  }
  return all;
}

/** Compiles a shim for each libtorch, reusing the objects in `build`, and puts it into `to/shims`. */
export async function stageShims(root: string, to: string, libtorchs: Libtorch[]): Promise<void> {
  await Deno.mkdir(`${to}/shims`, { recursive: true });
  for (const libtorch of libtorchs) {
    const plan = planShim(libtorch, `${root}/ffi`, `${root}/build`);
    if (!exists(plan.shim)) await compileShim(plan, await findCompiler());
    await checkLoads(root, libtorch, plan.shim);
    await Deno.copyFile(plan.shim, `${to}/shims/libftx-${minor(libtorch.version)}.so`);
  }
}

/** Loads a shim in a separate process, because a process can hold only one libtorch. */
async function checkLoads(root: string, libtorch: Libtorch, shim: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", `${root}/tools/build/load_shim.ts`, libtorch.root, shim],
    env: { NO_COLOR: "1" },
  }).output();
  if (success) return;
  await Deno.remove(shim);
  const said = new TextDecoder().decode(stderr).trim().split("\n")[0].replace(/^error: (Uncaught [^:]*: )?/, "");
  throw new FtxError(`Cannot use the new shim for libtorch ${libtorch.version}: ${said}; name another compiler in CXX`);
}
