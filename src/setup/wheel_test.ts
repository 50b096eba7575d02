import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { crc32, deflateRawSync } from "node:zlib";
import { checksums, requirements, unpackWheel } from "./wheel.ts";

const home = Deno.makeTempDirSync();
Deno.test.afterAll(() => Deno.removeSync(home, { recursive: true }));

/** A zip of these files, deflated: local headers with data, then the central directory, then its end. */
function zip(files: Record<string, string>): Uint8Array {
  const records: Buffer[] = [], directory: Buffer[] = [];
  let at = 0;
  for (const [name, text] of Object.entries(files)) {
    const data = deflateRawSync(text), common = Buffer.alloc(26); // what both headers have in common
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(text), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(text.length, 18);
    common.writeUInt16LE(name.length, 22);
    const offset = Buffer.alloc(14);
    offset.writeUInt32LE(at, 10);
    directory.push(Buffer.from("PK\x01\x02\x14\x00", "latin1"), common, offset, Buffer.from(name));
    const record = Buffer.concat([Buffer.from("PK\x03\x04"), common, Buffer.from(name), data]);
    records.push(record);
    at += record.length;
  }
  const entries = Buffer.concat(directory), end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(records.length, 8);
  end.writeUInt16LE(records.length, 10);
  end.writeUInt32LE(entries.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...records, entries, end]);
}

/** A wheel with these files and their checksums; `damage` replaces a file's text after they were made. */
function wheel(files: Record<string, string>, damage: Record<string, string> = {}): string {
  const path = `${Deno.makeTempDirSync({ dir: home })}/torch.whl`;
  const sum = (text: string) => createHash("sha256").update(text).digest("base64url");
  const lines = Object.entries(files).map(([name, text]) => `${name},sha256=${sum(text)},${text.length}`);
  const facts = {
    "torch-2.13.0.dist-info/METADATA": "Name: torch\nRequires-Dist: sympy\n",
    "torch-2.13.0.dist-info/RECORD": [...lines, "torch-2.13.0.dist-info/RECORD,,"].join("\n"),
  };
  Deno.writeFileSync(path, zip({ ...files, ...damage, ...facts }));
  return path;
}

const FILES = {
  "torch/version.py": "__version__ = '2.13.0'",
  "torch/lib/libc10.so": "x".repeat(1e5),
  "torch/a.py": "",
};

Deno.test("unpackWheel() unpacks what is to be kept, and returns what the wheel requires", async () => {
  const folder = Deno.makeTempDirSync({ dir: home });
  let bytes = 0;
  const keep = (name: string) => name.startsWith("torch/") && !name.endsWith("a.py");
  assert.deepEqual(await unpackWheel(wheel(FILES), folder, { keep, onBytes: (n) => bytes += n }), ["sympy"]);
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

Deno.test("requirements() leaves out what only an extra needs", () => {
  const metadata = 'Name: torch\nRequires-Dist: sympy>=1.13\nRequires-Dist: optree; extra == "optree"\n\nAbout torch';
  assert.deepEqual(requirements(metadata), ["sympy>=1.13"]);
});
