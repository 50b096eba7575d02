import { basename, dirname } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { FtxError } from "../errors.ts";
import { findLibtorch, findShims, type Libtorch, shippedVersions } from "../libtorch/mod.ts";
import type { About } from "./commands.ts";
import { print } from "./output.ts";
import { plainOptions } from "./plain_options.ts";

/** `ftx version`: prints the versions of ftx, Deno, the shim and libtorch, and where they are. Loads none of them. */
export async function run(args: string[], name: string, about: About) {
  if (plainOptions(args, { name, about, flags: {} }) === undefined) return;
  const { os, arch } = Deno.build, lines = [`ftx ${config.version}`, `Deno ${Deno.version.deno} (${os} ${arch})`];
  try {
    const libtorch = findLibtorch(), { version, cuda, root, why } = libtorch;
    lines.push(`shim ${shimFor(libtorch)}`);
    lines.push(`libtorch ${version} (${cuda === undefined ? "CPU" : `CUDA ${cuda}`}; ${root}, from ${why})`);
  } catch (error) {
    if (!(error instanceof FtxError)) throw error;
    lines.push(`shim ${brought()}`, `libtorch not found: ${error.message}`);
  }
  await print(lines.join("\n"));
}

function shimFor(libtorch: Libtorch): string {
  const [shim] = findShims(libtorch);
  if (!shim) return `for libtorch ${libtorch.version} is missing so far (${brought()})`;
  // A shim's place names its libtorch: shims/libftx-2.13.so, shim/2.13-0f3c…/libftx.so. One of FTX_SHIM may lie anywhere.
  const named = `${basename(dirname(shim.path))}/${basename(shim.path)}`.match(/(?:^|libftx-)(\d+\.\d+)(?=-|\.so)/);
  return `${named ? `for libtorch ${named[1]} ` : ""}(${shim.path}, from ${shim.why})`;
}

function brought(): string {
  const versions = shippedVersions();
  return versions.length ? `this ftx includes shims for libtorch ${versions.join(" and ")}` : "this ftx includes none";
}
