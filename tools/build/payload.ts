// Packs a folder into what is appended to the launcher, in the format of launcher/payload.h.

import { createHash } from "node:crypto";
import { filesOf } from "./files.ts";
import { frame } from "./frames.ts";

const LARGE = 1 << 20; // bytes; larger files have frames of their own, which later builds reuse

/** What the launcher does with the unpacked folder. `{root}` in a word or value stands for its path. */
export interface Start {
  /** The program and its first arguments. */
  run: string[];
  /** Environment variables that are set for it. */
  env?: Record<string, string>;
}

/** Index, zstd frames of a level, and footer for all files of `folder`. `kept` has the frames of earlier builds. */
export async function payload(folder: string, start: Start, kept: string, level: number): Promise<Uint8Array[]> {
  const files = filesOf(folder).map((path) => ({ path, ...look(`${folder}/${path}`) }));
  const large = files.filter((file) => file.size >= LARGE), small = files.filter((file) => file.size < LARGE);
  const index = new TextEncoder().encode(
    [
      ["run", ...start.run],
      ...Object.entries(start.env ?? {}).map(([name, value]) => ["env", name, value]),
      ...[...large, ...small].map(({ path, size, mode }) => ["file", mode, String(size), path]),
    ].map(line).join(""),
  );
  const read = (file: { path: string }) => Deno.readFileSync(`${folder}/${file.path}`);
  const contents = [...large.map(read), concat(small.map(read))].filter((bytes) => bytes.length > 0);
  const frames = await Promise.all(contents.map((bytes) => frame(bytes, kept, level)));
  return [index, ...frames, footer(index, frames)];
}

/** Writes launcher and payload as one executable file, which gets its name when it is complete. */
export async function seal(launcher: string, parts: Uint8Array[], out: string): Promise<void> {
  const temporary = `${out}.${Deno.pid}`;
  await Deno.writeFile(temporary, concat([await Deno.readFile(launcher), ...parts]), { mode: 0o755 });
  await Deno.chmod(temporary, 0o755); // whatever the umask
  await Deno.rename(temporary, out);
}

function look(path: string) {
  const { size, mode } = Deno.statSync(path);
  return { size, mode: (mode ?? 0) & 0o100 ? "755" : "644" };
}

function line(words: string[]): string {
  const odd = words.find((word) => /[\t\n\0]/.test(word));
  if (odd !== undefined) throw new Error(`a tab or a line end in ${JSON.stringify(odd)}`);
  return words.join("\t") + "\n";
}

function footer(index: Uint8Array, frames: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(64), view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode("ftx payload v1\n\0"));
  view.setBigUint64(16, BigInt(index.length), true);
  view.setBigUint64(24, BigInt(frames.reduce((sum, one) => sum + one.length, 0)), true);
  const hash = createHash("sha256");
  for (const part of [index, ...frames]) hash.update(part);
  bytes.set(hash.digest(), 32);
  return bytes;
}

function concat(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) all.set(part, at), at += part.length;
  return all;
}
