// Installs the npm packages of ftx into a folder, with the versions and hashes of deno.lock.

import { join } from "node:path";
import { FtxError } from "../../src/errors.ts";
import { copy, filesOf } from "./files.ts";

const TYPES = /^@types\//; // the compiler's, not the program's

const FONTS = /^@expo-google-fonts\//; // read as files, never imported

/** A deno.json's imports: package by the name it is imported by. */
type Imports = Record<string, string>;

/** The settings that Deno runs the program with: it finds packages in node_modules, and looks nothing up. */
export function programConfig({ version, imports }: { version: string; imports: Imports }): string {
  const used = Object.fromEntries(Object.entries(imports).filter(([name]) => !TYPES.test(name)));
  const config = { name: "ftx", version, exports: "./main.ts", nodeModulesDir: "manual", imports: used };
  return JSON.stringify(config, null, 2) + "\n";
}

/** Whether ftx needs a file of node_modules on Linux, x86-64, glibc. Licences are kept. */
export function isNeeded(path: string): boolean {
  if (/(^|\/)(\.bin|\.deno|@types|undici-types|__tests__|tests?|benchmarks?)\//.test(path)) return false;
  if (/\.node$/.test(path)) return path.endsWith(".linux-x64-gnu.node");
  if (/^zod\/(src|v3)\/|^csv-parse\/dist\/(cjs|iife|umd)\/|^yaml\/browser\//.test(path)) return false;
  if (/^@huggingface\/[^/]+\/(src|dist\/(browser|commonjs))\/|^(zod|csv-parse|re2js)\/.*\.(c|umd\.)js$/.test(path)) {
    return false;
  }
  if (FONTS.test(path)) {
    return /package\.json$|LICENSE|\/(400Regular|700Bold)\/.*ttf$/.test(path);
  }
  return !/\.(map|md|markdown|d\.[cm]?ts|tsbuildinfo|png)$|\/\.[^/]+$/i.test(path);
}

/** Installs the imports of a deno.json into `folder/node_modules`, with a lock file. */
export async function install(folder: string, config: string, lock: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(join(folder, "deno.json"), config);
  await Deno.copyFile(lock, join(folder, "deno.lock"));
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["install", "--quiet", "--node-modules-linker=hoisted"],
    cwd: folder,
    env: { NO_COLOR: "1", DENO_NO_PACKAGE_JSON: "1" },
    stdout: "null",
  }).output();
  if (success) return;
  const said = new TextDecoder().decode(stderr).trim().split("\n")[0].replace(/^error: /, "");
  throw new FtxError(`Cannot install ftx's packages: ${said}; check the network and npm's registry`, 7);
}

/** Copies the packages that the program needs to `to`, and writes the deno.json that it runs with. */
export async function stagePackages(root: string, to: string, work: string): Promise<void> {
  const config = programConfig(JSON.parse(await Deno.readTextFile(join(root, "deno.json"))));
  await Deno.remove(work, { recursive: true }).catch(() => {}); // what an older build needed
  await install(work, config, join(root, "deno.lock"));
  for (const path of filesOf(`${work}/node_modules`)) {
    if (isNeeded(path)) await copy(`${work}/node_modules`, `${to}/node_modules`, path);
  }
  await Deno.writeTextFile(join(to, "deno.json"), config);
  await checkImports(to, Object.keys(JSON.parse(config).imports));
}

/** Imports each package from the program's folder, because a missing file would only show up on the target. */
async function checkImports(folder: string, names: string[]): Promise<void> {
  const code = names.filter((name) => !FONTS.test(name)).map((name) => `import ${JSON.stringify(name)};`).join("\n");
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-lock", "--cached-only", code],
    cwd: folder,
    env: { NO_COLOR: "1", DENO_NO_PACKAGE_JSON: "1" },
  }).output();
  if (!success) throw new Error(`a package misses files of its own: ${new TextDecoder().decode(stderr)}`);
}
