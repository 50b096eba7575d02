// ffi/*.cpp and ffi/kernels/*.cpp -> build/shim/<libtorch's minor version>-<hash of all inputs>/libftx.so
// An object is named by the hash of its inputs, so only what changed is compiled again.

import { createHash } from "node:crypto";
import { dirname, relative } from "node:path";
import { FtxError, StorageError } from "../errors.ts";
import type { Libtorch } from "../libtorch/mod.ts";
import { exists, minor } from "../libtorch/mod.ts";
import { parallel } from "../net/mod.ts";
import { Waiting } from "../report/waiting.ts";
import type { Compiler } from "./compiler.ts";

// No libgomp at the link: libtorch_cpu's runtime answers the OpenMP calls (so that library must stay linked, "no-as-needed");
// a second runtime in the process would compete with it for the cores. "now" resolves every name when the shim is loaded, not
// in the middle of training; "nodelete" keeps the shim loaded when a worker ends, because it is libtorch's allocator.
const COMPILE = ["-std=c++20", "-O3", "-fPIC", "-fopenmp", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off"]
  .concat("-D_GLIBCXX_USE_CXX11_ABI=1");
const LINK = ["-shared", "-Wl,-soname,libftx.so", "-Wl,-z,now", "-Wl,-z,nodelete", "-Wl,--no-as-needed"];
const MEMORY_OF_ONE = 1.3e9; // bytes; measured: 0.95 GB for the largest file with libtorch 2.13

/** What is compiled, against which libtorch, and where the results go. */
export interface ShimPlan {
  libtorch: Libtorch;
  /** The folder of the sources, `ffi`. */
  sources: string;
  /** The folder of the results, `build`. */
  build: string;
  /** Each source with its object file. */
  objects: { source: string; object: string }[];
  /** The shim's path. */
  shim: string;
}

/** Finds the sources of the shim, and the names of objects and shim, which follow from their contents. */
export function planShim(
  libtorch: Libtorch,
  sources: string,
  build: string,
  cxx = Deno.env.get("CXX") ?? "",
): ShimPlan {
  const files = list(sources);
  const common = [...COMPILE, cxx, libtorch.version, libtorch.cuda ?? "cpu"]
    .concat(files.filter((file) => file.endsWith(".h")).flatMap((file) => [relative(sources, file), text(file)]));
  const objects = files.filter((file) => /^(kernels\/)?[^/]+\.cpp$/.test(relative(sources, file))).map((source) => ({
    source,
    object: `${build}/objects/${hash([...common, relative(sources, source), text(source)])}.o`,
  }));
  const key = hash([...LINK, ...objects.map((one) => one.object.slice(build.length))]).slice(0, 12);
  return { libtorch, sources, build, objects, shim: `${build}/shim/${minor(libtorch.version)}-${key}/libftx.so` };
}

/** Compiles what is missing, several files at a time, and links the shim. Throws an `FtxError` on failure. */
export async function compileShim(plan: ShimPlan, compiler: Compiler): Promise<void> {
  const { root } = plan.libtorch;
  const todo = plan.objects.filter(({ object }) => !exists(object));
  todo.sort((a, b) => Deno.statSync(b.source).size - Deno.statSync(a.source).size); // the longest first
  const includes = [plan.sources, `${root}/include`, `${root}/include/torch/csrc/api/include`].map((dir) => `-I${dir}`);
  await Deno.mkdir(`${plan.build}/objects`, { recursive: true });
  using waiting = new Waiting();
  waiting.say(`Compiling the shim: ${todo.length} of ${plan.objects.length} files`);
  let done = 0;
  await parallel(todo, parallelism(), async ({ source, object }) => {
    await make(plan, compiler, relative(plan.sources, source), object, [...COMPILE, ...includes, "-c", source]);
    waiting.tell(`Compiled ${++done} of ${todo.length} files`);
  });
  await Deno.mkdir(dirname(plan.shim), { recursive: true });
  const objects = plan.objects.map(({ object }) => object);
  await make(plan, compiler, "libftx.so", plan.shim, [...LINK, ...objects, `-L${root}/lib`, "-ltorch_cpu", "-lc10"]);
}

/** Runs the compiler into a temporary file, which gets its name only when it is complete. */
async function make(plan: ShimPlan, compiler: Compiler, what: string, output: string, args: string[]): Promise<void> {
  const temporary = `${output}.${Deno.pid}`;
  const [program, ...before] = compiler.command;
  const { success, stderr } = await new Deno.Command(program, {
    args: [...before, ...args, "-o", temporary],
    env: { LC_ALL: "C" },
    stdout: "null",
  }).output();
  if (success) return Deno.renameSync(temporary, output);
  const said = new TextDecoder().decode(stderr), log = `${plan.build}/compile.log`;
  Deno.writeTextFileSync(log, said);
  if (/no space left/i.test(said)) throw new StorageError(`Cannot compile "${what}": the disk is full; free 200 MB`);
  throw new FtxError(
    `Cannot compile "${what}" with ${compiler.name} against libtorch ${plan.libtorch.version}: ` +
      `${condense(said, plan.sources)}; the compiler's full output is in "${log}"`,
  );
}

/** The important part of a compiler's output: its first two errors, with paths relative to the sources. */
export function condense(said: string, sources: string): string {
  if (/killed signal|out of memory|cannot allocate/i.test(said)) {
    return "there was not enough memory (1.3 GB for each file)";
  }
  const lines = said.split("\n").map((line) => line.trim().replaceAll(`${sources}/`, "")).filter(Boolean);
  const errors = lines.filter((line) => /error:|undefined reference|cannot find/.test(line));
  return (errors.length ? errors.slice(0, 2) : lines.slice(-2)).join(" | ") || "it printed nothing";
}

function parallelism(): number {
  return Math.max(
    1,
    Math.min(navigator.hardwareConcurrency, Math.floor(Deno.systemMemoryInfo().available / MEMORY_OF_ONE)),
  );
}

function list(folder: string): string[] {
  return [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1)
    .flatMap(({ name, isDirectory }) => isDirectory ? list(`${folder}/${name}`) : [`${folder}/${name}`]);
}

function text(path: string): string {
  return Deno.readTextFileSync(path);
}

function hash(parts: string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 24);
}
