// A hub on this machine, an empty cache, and what is asked for with them.
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chooseModelFiles } from "../../src/hub/model_files.ts";
import { openRepository } from "../../src/hub/open.ts";
import type { HubPlace } from "../../src/hub/place.ts";
import { repositoryNamed } from "../../src/hub/repository.ts";
import type { Choose } from "../../src/hub/snapshot.ts";
import { LoopbackHub } from "./server.ts";

/** Bytes of a weights file in these tests: enough for many pieces, little enough for many tests. */
export const SIZE = 300_000;

/** Bytes that repeat nowhere soon. */
export function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0, x = seed; i < length; i++) bytes[i] = (x = (x * 1103515245 + 12345) & 0x7fffffff) >> 16;
  return bytes;
}

/** A place where downloads are tried. */
export class HubScene implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), "ftx-hub-"));
  readonly cache = join(this.folder, "outer/cache");
  /** Sentences that were said. */
  readonly said: string[] = [];
  /** Milliseconds that would have been waited between tries. */
  readonly pauses: number[] = [];

  private constructor(readonly hub: LoopbackHub) {}

  /** With a model `org/model` of one weights file, unless others are given. */
  static async make(files: Record<string, string | Uint8Array> = MODEL): Promise<HubScene> {
    const hub = await LoopbackHub.start();
    hub.add("model", "org/model", files);
    return new HubScene(hub);
  }

  get place(): HubPlace {
    return { endpoint: this.hub.endpoint, cache: this.cache, offline: false, stall: 30_000, patience: 30_000 };
  }

  /** Opens a repository of the hub, without the pauses. */
  async open(name = "org/model", place: Partial<HubPlace> = {}, choose: Choose = chooseModelFiles(name)) {
    return await openRepository(repositoryNamed(name, "model")!, {
      place: { ...this.place, ...place },
      choose,
      listener: { say: (sentence) => this.said.push(sentence), tell() {}, clear() {} },
      pause: (milliseconds) => Promise.resolve(void this.pauses.push(Math.round(milliseconds))),
    });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Every file and link below the scene's folder, with the lengths of files; locks are left out. */
  files(below = this.folder): Record<string, number | string> {
    if (!existsSync(below)) return {};
    const names = readdirSync(below, { recursive: true, withFileTypes: true });
    const all = names.filter((entry) => !entry.isDirectory() && !entry.name.endsWith(".lock")).map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(below.length + 1), entry.isSymbolicLink() ? Deno.readLinkSync(path) : statSync(path).size];
    });
    return Object.fromEntries(all.sort());
  }

  async [Symbol.asyncDispose]() {
    await this.hub[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A model of one weights file, with much beside it that nobody needs. */
export const MODEL: Record<string, string | Uint8Array> = {
  "config.json": '{"model_type": "llama"}',
  "tokenizer.json": JSON.stringify({ text: "t".repeat(2000) }),
  "model.safetensors": noise(SIZE),
  "pytorch_model.bin": noise(5000),
  "modeling_llama.py": "import os",
  "README.md": "# A model",
  "onnx/model.onnx": noise(4000),
};
