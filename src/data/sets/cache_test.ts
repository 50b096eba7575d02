import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cacheFolder, readStored, writeStored } from "./cache.ts";

Deno.test("cacheFolder() obeys FTX_CACHE, then XDG_CACHE_HOME", () => {
  assert.equal(cacheFolder({ FTX_CACHE: "/a", XDG_CACHE_HOME: "/b" }), "/a/datasets");
  assert.equal(cacheFolder({ XDG_CACHE_HOME: "/b" }), "/b/ftx/datasets");
  assert.match(cacheFolder({}), /\/\.cache\/ftx\/datasets$/);
});

Deno.test("readStored() gives what writeStored() wrote, and nothing for a file that is not whole", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/deep/x.bin`;
    const documents = {
      ids: Int32Array.of(1, 2, 3),
      labels: Int32Array.of(-100, 2, 3),
      offsets: Float64Array.of(0, 1, 3),
    };
    const tags = { margin: Float32Array.of(0.5) };
    const rows = { members: Int32Array.of(1, 0), starts: Int32Array.of(0, 2), tags };
    await writeStored(path, { documents, rows, facts: { name: "ü" } });
    assert.deepEqual(await readStored(path), { documents, rows, facts: { name: "ü" } });
    assert.deepEqual([...Deno.readDirSync(`${folder}/deep`)].map((entry) => entry.name), ["x.bin"]);
    const bytes = await Deno.readFile(path);
    for (let size = 0; size < bytes.length; size += 7) {
      await Deno.writeFile(path, bytes.subarray(0, size));
      assert.equal(await readStored(path), undefined);
    }
    for (let at = 0; at < bytes.length; at += 3) {
      const flipped = bytes.slice();
      flipped[at] ^= 4;
      await Deno.writeFile(path, flipped);
      const read = await readStored<unknown>(path); // a flip inside the facts' text may pass, one in the numbers never
      if (read !== undefined) assert.deepEqual([read.documents, read.rows], [documents, rows]);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("readStored() gives nothing for a file of the first format", async () => {
  const path = await Deno.makeTempFile();
  try {
    const payload = new Uint8Array(Float64Array.of(0, 1).buffer.byteLength + 8); // offsets, ids, labels
    const sha256 = createHash("sha256").update(payload).digest("hex");
    const header = { version: 1, sha256, facts: { rows: 1, cut: 0, dropped: 0 }, lengths: [2, 1, 1, 0, 0] };
    const text = new TextEncoder().encode(`ftxdata\n${JSON.stringify(header)}\n`);
    await Deno.writeFile(path, Uint8Array.from([...text, ...payload]));
    assert.equal(await readStored(path), undefined);
  } finally {
    await Deno.remove(path);
  }
});
