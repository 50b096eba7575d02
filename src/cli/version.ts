import { findLibtorch } from "../libtorch/mod.ts";
import { FtxError } from "../errors.ts";
import config from "../../deno.json" with { type: "json" };
import { print } from "./print.ts";

/** `ftx version`: prints the versions of ftx, Deno and libtorch, and where libtorch is. */
export async function run() {
  const { os, arch } = Deno.build;
  await print(`ftx ${config.version}\nDeno ${Deno.version.deno} (${os} ${arch})\nlibtorch ${libtorch()}`);
}

function libtorch(): string {
  try {
    const { version, cuda, root, why } = findLibtorch();
    return `${version} (${cuda === undefined ? "CPU" : `CUDA ${cuda}`}; ${root}, from ${why})`;
  } catch (error) {
    if (error instanceof FtxError) return `not found: ${error.message}`;
    throw error;
  }
}
