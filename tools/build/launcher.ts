// launcher/*.c and zstd's decoder -> one static program, which runs on every version of Linux.

import { createHash } from "node:crypto";
import { FtxError } from "../../src/errors.ts";
import { exists } from "../../src/libtorch/mod.ts";
import { filesOf } from "./files.ts";
import { install } from "./packages.ts";

// zstd's sources come with its Node binding (launcher/zstd.json); nothing of the binding is built.
const ZSTD = "node_modules/zstd-napi/deps/zstd/lib";
const FLAGS = [
  "-std=gnu11",
  "-O2",
  "-Wall",
  "-ffunction-sections",
  "-fdata-sections",
  "-DZSTD_DISABLE_ASM=1",
  "-pthread",
];
const LINK = ["-Wl,--gc-sections", "-s"];

/** Compiles the launcher of the clone `root` into `build`, unless it is there. Returns its path. */
export async function compileLauncher(root: string, build: string, cc = Deno.env.get("CC") || "gcc"): Promise<string> {
  const zstd = await zstdSources(root, `${build}/zstd`);
  const own = filesOf(`${root}/launcher`).map((path) => `${root}/launcher/${path}`);
  const decoder = filesOf(zstd).filter((path) => /^(common|decompress)\//.test(path)).map((path) => `${zstd}/${path}`);
  const sources = [...own, ...decoder].filter((path) => path.endsWith(".c"));
  const hash = createHash("sha256").update(JSON.stringify([cc, FLAGS, LINK]));
  for (const path of [...own, ...sources]) hash.update(await Deno.readFile(path));
  const launcher = `${build}/launcher-${hash.digest("hex").slice(0, 12)}`;
  if (exists(launcher)) return launcher;
  const temporary = `${launcher}.${Deno.pid}`;
  const args = [...FLAGS, `-I${zstd}`, ...sources, ...LINK, "-o", temporary];
  // Some systems lack the static C library; a launcher made there needs a libc as new as theirs.
  const said = await compile(cc, ["-static", ...args]) && await compile(cc, args);
  if (said) {
    throw new FtxError(`Cannot compile the launcher with ${cc}: ${said}; install gcc, or name a C compiler in CC`);
  }
  await Deno.rename(temporary, launcher);
  return launcher;
}

/** The folder of zstd's sources. */
async function zstdSources(root: string, folder: string): Promise<string> {
  const lib = `${folder}/${ZSTD}`;
  if (exists(`${lib}/zstd.h`)) return lib;
  await install(folder, await Deno.readTextFile(`${root}/launcher/zstd.json`), `${root}/launcher/zstd.lock`);
  return lib;
}

/** The first error of the compiler, or an empty text. */
async function compile(cc: string, args: string[]): Promise<string> {
  const [program, ...before] = cc.split(/\s+/);
  try {
    const { success, stderr } = await new Deno.Command(program, { args: [...before, ...args], stdout: "null" })
      .output();
    if (success) return "";
    const lines = new TextDecoder().decode(stderr).split("\n").map((line) => line.trim()).filter(Boolean);
    return lines.find((line) => /error|cannot find|undefined/.test(line)) ?? lines.at(-1) ?? "it printed nothing";
  } catch {
    return "there is none";
  }
}
