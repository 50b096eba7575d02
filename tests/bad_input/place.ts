// A folder for commands that must fail: a good model, good data and a finished run, of which each case breaks one thing.
import { createHash } from "node:crypto";
import { cpSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readHeader, type TensorBytes, writeSafetensors } from "../../src/safetensors/mod.ts";
import { smallModel } from "../small_model.ts";
import { ftx } from "../ftx.ts";

const PAIRS = [
  { instruction: "How do I list all images?", output: "docker images" },
  { instruction: "How do I stop the running container?", output: "docker stop web" },
  { instruction: "How do I list the running containers?", output: "docker ps" },
  { instruction: "How do I start the container again?", output: "docker start web" },
];

/** What most cases run; it works in an intact place. */
export const SFT = "sft --model nano --dataset qa.json --max-steps 2 --output-dir out";

/** A folder of its own for one case. */
export class Place implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "ftx-bad-input-"));

  /** `nano` (a model), `qa.json` (data), `done` (a run with two checkpoints and an adapter). */
  static async make(): Promise<Place> {
    const place = new Place();
    const model = await smallModel();
    cpSync(model, place.path("nano"), { recursive: true });
    rmSync(model, { recursive: true });
    place.write("qa.json", JSON.stringify(PAIRS, null, 1));
    const line = `${SFT} --output-dir done --max-steps 4 --save-steps 2 --quiet`;
    const { code, err } = await ftx(place.folder, line);
    if (code !== 0) throw new Error(err);
    rmSync(place.path("done/.lock"));
    return place;
  }

  copy(): Place {
    const place = new Place();
    cpSync(this.folder, place.folder, { recursive: true });
    return place;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  read(name: string): Uint8Array {
    return readFileSync(this.path(name));
  }

  write(name: string, content: string | Uint8Array): void {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), content);
  }

  remove(...names: string[]): void {
    for (const name of names) rmSync(this.path(name), { recursive: true });
  }

  /** Puts a named pipe in the place of a file: reading it would wait for a writer. */
  pipe(name: string): void {
    rmSync(this.path(name), { force: true });
    mkdirSync(dirname(this.path(name)), { recursive: true });
    new Deno.Command("mkfifo", { args: [this.path(name)] }).outputSync();
  }

  /** Puts a link in the place of a file. */
  link(name: string, to: string): void {
    rmSync(this.path(name), { force: true });
    Deno.symlinkSync(to, this.path(name));
  }

  /** Truncates a file to this many bytes. */
  cut(name: string, bytes: number): void {
    this.write(name, this.read(name).subarray(0, bytes));
  }

  /** Changes a JSON file. */
  edit(name: string, change: (json: any) => void): void {
    const json = JSON.parse(new TextDecoder().decode(this.read(name)));
    change(json);
    this.write(name, JSON.stringify(json));
  }

  /** Changes the tensors of a safetensors file. */
  async tensors(name: string, change: (tensors: Map<string, TensorBytes>) => void): Promise<void> {
    const bytes = this.read(name);
    const { tensors } = await readHeader(this.path(name));
    const all = new Map<string, TensorBytes>();
    for (const [key, { dtype, shape, start, end }] of tensors) {
      all.set(key, { dtype, shape, data: bytes.subarray(start, end) });
    }
    change(all);
    this.remove(name);
    await writeSafetensors(this.path(name), all, { format: "pt" });
  }

  /** Every file with the hash of its bytes, and every folder; `.lock` is left out, which may stay where a run was. */
  contents(): Record<string, string> {
    const names = readdirSync(this.folder, { recursive: true, encoding: "utf8" }).sort();
    const shown = names.filter((name) => !name.endsWith(".lock") && !lstatSync(this.path(name)).isSymbolicLink());
    return Object.fromEntries(shown.map((name) => [name, this.#hash(name)]));
  }

  #hash(name: string): string {
    const found = lstatSync(this.path(name));
    if (!found.isFile()) return found.isDirectory() ? "folder" : "neither file nor folder";
    return createHash("sha256").update(this.read(name)).digest("hex").slice(0, 12);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
