import assert from "node:assert/strict";
import { wheelOf } from "../../tests/setup/fake_index.ts";
import { checksums, unpackWheel } from "./wheel.ts";

const home = Deno.makeTempDirSync();
Deno.test.afterAll(() => Deno.removeSync(home, { recursive: true }));

/** A wheel with these files on the disk. */
function wheel(files: Record<string, string>, damage: Record<string, string> = {}): string {
  const path = `${Deno.makeTempDirSync({ dir: home })}/torch.whl`;
  Deno.writeFileSync(path, wheelOf(files, damage));
  return path;
}

const FILES = {
  "torch/version.py": "__version__ = '2.13.0'",
  "torch/lib/libc10.so": "x".repeat(1e5),
  "torch/a.py": "",
};

Deno.test("unpackWheel() unpacks what is to be kept, and counts the bytes", async () => {
  const folder = Deno.makeTempDirSync({ dir: home });
  let bytes = 0;
  const keep = (name: string) => name.startsWith("torch/") && !name.endsWith("a.py");
  await unpackWheel(wheel(FILES), folder, { keep, onBytes: (n) => bytes += n });
  assert.equal(Deno.readTextFileSync(`${folder}/torch/version.py`), FILES["torch/version.py"]);
  assert.equal(Deno.statSync(`${folder}/torch/lib/libc10.so`).size, 1e5);
  assert.deepEqual(Array.from(Deno.readDirSync(`${folder}/torch`), ({ name }) => name).sort(), ["lib", "version.py"]);
  assert.equal(bytes, 1e5 + FILES["torch/version.py"].length);
});

Deno.test("unpackWheel() refuses a file that is not the one the wheel was made with", async () => {
  const path = wheel(FILES, { "torch/lib/libc10.so": "y" });
  await assert.rejects(unpackWheel(path, Deno.makeTempDirSync({ dir: home }), { keep: () => true }), {
    name: "FtxError",
    message:
      `Cannot unpack "${path}": the SHA-256 of torch/lib/libc10.so is not the one of the wheel's RECORD; download it again`,
  });
});

Deno.test("checksums() reads a RECORD, with quoted names and lines without a sum", () => {
  const record = 'torch/a.py,sha256=bKpg_-0,254\n"torch/a,b.py",sha256=QQ,1\ntorch-2.13.0.dist-info/RECORD,,\n';
  assert.deepEqual(Object.fromEntries(checksums(record)), { "torch/a.py": "bKpg_-0", "torch/a,b.py": "QQ" });
});
