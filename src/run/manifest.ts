import { createHash } from "node:crypto";
import { otherThanFile } from "../outside.ts";
import type { Written } from "../safetensors/mod.ts";
import { hashFile, writeDurably } from "./durable.ts";

/** Name of the file that makes a folder of files a checkpoint. It is written last. */
export const MANIFEST = "manifest.json";

/** The layout of a checkpoint; any other is refused. Since 2, the optimizer's counters are under `optimizer`. */
const FORMAT = 2;

/** Where a checkpoint comes from. */
export interface Facts {
  step: number;
  /** Versions of the programs that wrote it. */
  ftx: string;
  libtorch: string;
  /** The run that wrote it: the same in all its checkpoints, including those after a resume. */
  run: string;
}

/** The list of a checkpoint's files with their lengths and hashes, and where they come from. */
export interface Manifest extends Facts {
  format: number;
  files: Record<string, Written>;
}

/** Writes `manifest.json`; its last field, `sha256`, is the hash of the text before that field. */
export async function writeManifest(folder: string, facts: Facts, files: Record<string, Written>): Promise<void> {
  const manifest: Manifest = { format: FORMAT, ...facts, files };
  const text = JSON.stringify(manifest, null, 2).slice(0, -2); // without "\n}"
  const whole = `${text},\n  "sha256": "${sha256(text)}"\n}\n`;
  await writeDurably(`${folder}/${MANIFEST}`, new TextEncoder().encode(whole));
}

/**
 * Reads a checkpoint's manifest and compares every file with it. Throws the middle part of a sentence that names the
 * file: `"optimizer.safetensors" has 10 bytes, but the manifest says 12`. With `step`, it must be a checkpoint of that step.
 */
export async function verify(folder: string, step?: number): Promise<Manifest> {
  const manifest = await readManifest(folder);
  if (step !== undefined && manifest.step !== step) throw new Error(`"${MANIFEST}" is of step ${manifest.step}`);
  for (const [name, { bytes }] of Object.entries(manifest.files)) {
    const found = await Deno.stat(`${folder}/${name}`).catch(() => undefined);
    if (!found?.isFile) throw new Error(`"${name}" is missing`);
    if (found.size !== bytes) throw new Error(`"${name}" has ${found.size} bytes, but the manifest says ${bytes}`);
  }
  for (const [name, { sha256 }] of Object.entries(manifest.files)) { // after all lengths, which are cheap to check
    const found = await hashFile(`${folder}/${name}`);
    if (found.sha256 !== sha256) throw new Error(`"${name}" does not have the SHA-256 in the manifest`);
  }
  return manifest;
}

async function readManifest(folder: string): Promise<Manifest> {
  const kind = otherThanFile(`${folder}/${MANIFEST}`);
  if (kind !== undefined) throw new Error(`"${MANIFEST}" is ${kind}`);
  const whole = await Deno.readTextFile(`${folder}/${MANIFEST}`).catch(() => {
    throw new Error(`"${MANIFEST}" is missing, so the save did not finish`);
  });
  const [, text, hash] = whole.match(/^(.*),\n {2}"sha256": "([0-9a-f]{64})"\n}\n$/s) ?? [];
  if (text === undefined || sha256(text) !== hash) throw new Error(`"${MANIFEST}" is damaged`);
  const manifest = JSON.parse(whole) as Manifest;
  if (manifest.format !== FORMAT) {
    throw new Error(`"${MANIFEST}" has format ${manifest.format}, but this ftx reads format ${FORMAT}`);
  }
  return manifest;
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
