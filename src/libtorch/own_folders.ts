// The folders of ftx: the program's own, the user's cache, and that of setup's results.

import { accessSync, constants } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { exists } from "./folder.ts";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The folder of the program, with `ffi` and the binary's `shims`: the clone, or what the binary unpacked. */
export function programRoot(from: string = fileURLToPath(import.meta.url)): string {
  const folder = dirname(from);
  if (exists(`${folder}/ffi/shim.h`)) return folder; // the code is somewhere below, in one file or many
  if (folder === from) throw new Error("ftx is incomplete: no folder above its code has ffi/shim.h");
  return programRoot(folder);
}

/** The command line that starts this ftx again with these words, from a clone, unpacked or as one file. */
export function ownCommand(...words: string[]): string[] {
  if (Deno.build.standalone) return [Deno.execPath(), ...words];
  const root = programRoot();
  const offline = isClone(root) ? [] : ["--cached-only", "--no-lock", `--config=${root}/deno.json`];
  return [Deno.execPath(), "run", "-A", "--no-check", ...offline, `${root}/main.ts`, ...words];
}

/** Whether the program is a clone, which keeps setup's results in its own `build` folder. */
export function isClone(root: string): boolean {
  return exists(`${root}/tools/setup.ts`);
}

/** ftx's folder in the user's cache: `$XDG_CACHE_HOME/ftx`, by default `~/.cache/ftx`; a temporary folder without a home. */
export function userCache(env: Environment = Deno.env.toObject()): string {
  if (env.XDG_CACHE_HOME) return `${env.XDG_CACHE_HOME}/ftx`;
  const home = env.HOME || homeOfUser();
  return home ? `${home}/.cache/ftx` : temporary(`${tmpdir()}/ftx-${Deno.uid()}`);
}

/** A temporary folder that belongs to this user alone, because libraries are loaded from it. */
export function temporary(path: string): string {
  try {
    Deno.mkdirSync(path, { mode: 0o700 });
    return path;
  } catch {
    const found = statIfThere(path);
    const isOurs = found?.isDirectory && found.uid === Deno.uid() && ((found.mode ?? 0) & 0o022) === 0;
    return isOurs ? path : `${path}-${Deno.pid}`;
  }
}

function statIfThere(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch {
    return undefined;
  }
}

/** The folder of the libtorchs that ftx fetches, one folder for each version and build. */
export function libtorchCache(env?: Environment): string {
  return `${userCache(env)}/libtorch`;
}

/** The folder of setup's objects, shims and record: `build` of a clone that the user can write, or else the user's cache. */
export function workFolder(env?: Environment, root: string = programRoot()): string {
  return isClone(root) && mayWrite(root) ? `${root}/build` : userCache(env);
}

function mayWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function homeOfUser(): string | undefined {
  try {
    return homedir() || undefined;
  } catch {
    return undefined; // a user without an entry in /etc/passwd, as in many containers
  }
}
