// dist/ftx: ftx, its runtime and all it needs but libtorch, in one file for Linux on x86-64.
//
//   deno task build                              with a shim for the libtorch at hand
//   deno task build --libtorch DIR --libtorch …  with a shim for each of these
//   deno task build --way launcher               not with deno compile

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { FtxError } from "../src/errors.ts";
import { minor } from "../src/libtorch/mod.ts";
import { Lock } from "../src/net/mod.ts";
import { compileProgram, denoDir, findDenort } from "./build/denort.ts";
import { compileLauncher } from "./build/launcher.ts";
import { type BuildOptions, readOptions } from "./build/options.ts";
import { stagePackages } from "./build/packages.ts";
import { payload, seal } from "./build/payload.ts";
import { stageProgram } from "./build/program.ts";
import { libtorchsIn, stageShims } from "./build/shims.ts";
import { START } from "./build/start.ts";
import { generate } from "./gen.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const WORK = `${ROOT}/build/binary`;

/** Builds the one file. Throws an `FtxError` for what the user can fix. */
export async function build({ libtorchs, out, way, level }: BuildOptions): Promise<void> {
  if (Deno.build.target !== "x86_64-unknown-linux-gnu") {
    throw new FtxError(`Cannot build for ${Deno.build.target}: the one file is for Linux on x86-64; build it there`);
  }
  const found = libtorchsIn(libtorchs);
  generate();
  await Deno.mkdir(WORK, { recursive: true });
  await Deno.mkdir(dirname(out), { recursive: true });
  using _held = await Lock.take(`${WORK}/lock`, () => console.error("Waiting for another build"));
  const stage = await Deno.makeTempDir({ dir: WORK, prefix: "stage-" });
  try {
    console.error(`Putting the program together, with shims for libtorch ${found.map(version).join(" and ")}`);
    await stageProgram(ROOT, stage);
    await stagePackages(ROOT, stage, `${WORK}/packages`);
    await stageShims(ROOT, stage, found);
    if (way === "launcher" || !await byCompile(stage, out, way)) await behindLauncher(stage, out, level);
  } finally {
    await Deno.remove(stage, { recursive: true });
  }
  const { size } = await Deno.stat(out);
  console.error(`Built ${out}: ${(size / 1e6).toFixed(1)} MB`);
}

function version(libtorch: { version: string }): string {
  return minor(libtorch.version);
}

/** Tries `deno compile`. With "auto", a failure is only reported, and the launcher is used. */
async function byCompile(stage: string, out: string, way: "auto" | "compile"): Promise<boolean> {
  const from = findDenort(Deno.env.toObject(), await denoDir());
  const failure = await compileProgram(stage, out);
  if (failure === undefined) return true;
  if (way === "compile" || from === "DENORT_BIN") {
    throw new FtxError(`Cannot build by deno compile: ${failure}; use --way launcher`);
  }
  console.error(`Not by deno compile: ${failure}`);
  return false;
}

async function behindLauncher(stage: string, out: string, level: number): Promise<void> {
  const launcher = await compileLauncher(ROOT, WORK);
  await Deno.copyFile(Deno.execPath(), `${stage}/deno`);
  await Deno.chmod(`${stage}/deno`, 0o755);
  console.error("Compressing; the first time this takes a minute or two");
  await seal(launcher, await payload(stage, START, `${WORK}/frames`, level), out);
}

if (import.meta.main) {
  try {
    await build(readOptions(Deno.args, ROOT));
  } catch (error) {
    if (!(error instanceof FtxError)) throw error;
    console.error(`error: ${error.message}`);
    Deno.exit(error.exitCode);
  }
}
