// `deno compile` needs denort, Deno's runtime without its tools, which Deno downloads if it can.

import { FtxError } from "../../src/errors.ts";
import { exists } from "../../src/libtorch/mod.ts";
import { RUNTIME_FLAGS } from "./start.ts";

const PATIENCE = 180_000; // ms; a network that swallows packets is no reason to wait for ever

/** Where denort comes from: the named file, Deno's cache, or the network. */
export type Denort = "DENORT_BIN" | "cache" | "network";

/** Looks for denort. Throws an `FtxError` when `DENORT_BIN` names no file. */
export function findDenort(
  env: Record<string, string | undefined>,
  denoDir: string,
  version = Deno.version.deno,
): Denort {
  if (env.DENORT_BIN) {
    if (exists(env.DENORT_BIN)) return "DENORT_BIN";
    throw new FtxError(
      `Cannot build with DENORT_BIN "${env.DENORT_BIN}": there is no such file; unset it, or correct the path`,
    );
  }
  return exists(`${denoDir}/dl/release/v${version}/denort-${Deno.build.target}.zip`) ? "cache" : "network";
}

/** Deno's own cache. */
export async function denoDir(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"], stderr: "null" }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

/** The arguments of `deno compile` for the staged program. It unpacks itself, because a shim must be a file. */
export function compileArguments(stage: string, out: string): string[] {
  const parts = ["src", "templates", "ffi", "shims", "examples", "node_modules", "deno.json"];
  const includes = parts.filter((part) => exists(`${stage}/${part}`)).map((part) => `--include=${part}`);
  return [
    "compile",
    ...RUNTIME_FLAGS,
    "--self-extracting",
    "--no-lock",
    "--cached-only",
    ...includes,
    `--output=${out}`,
    "main.ts",
  ];
}

/** Compiles the staged program into one file and starts it once. Returns why that failed, or undefined. */
export async function compileProgram(stage: string, out: string): Promise<string | undefined> {
  const compiled = await run(Deno.execPath(), compileArguments(stage, out), stage);
  if (!compiled.success) return compiled.said;
  const started = await run(out, ["version"], stage);
  if (started.success && started.out.startsWith("ftx ")) return;
  await Deno.remove(out);
  return `what it made does not start (${started.said})`;
}

/** Runs a program; `said` is the last line of its errors that helps a person. */
async function run(program: string, args: string[], cwd: string) {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd,
    env: { NO_COLOR: "1", DENO_NO_PACKAGE_JSON: "1" },
    signal: AbortSignal.timeout(PATIENCE),
  }).output();
  const [out, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  const lines = error.split("\n").map((line) => line.trim().replace(/^(error|\d+): /, ""));
  return {
    success,
    out,
    said: lines.filter((line) => /^(?!Stack backtrace|<unknown>|at )./.test(line)).at(-1) ?? "no word",
  };
}
