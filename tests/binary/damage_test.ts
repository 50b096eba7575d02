// What is unpacked, or the file itself, is not as it was made.
import assert from "node:assert/strict";
import { Small } from "./small.ts";

const small = await Small.build(2 << 20);
Deno.test.afterAll(() => small[Symbol.asyncDispose]());

const DAMAGE: Record<string, (root: string) => void> = {
  "a file is gone": (root) => Deno.removeSync(`${root}/zeros`),
  "a file is cut short": (root) => Deno.truncateSync(`${root}/zeros`, 1000),
  "a file has grown": (root) => Deno.writeTextFileSync(`${root}/deep/er/a file`, "more", { append: true }),
  "a file was written to, to the same length": (root) =>
    Deno.writeTextFileSync(`${root}/deep/er/a file`, "WITH A SPACE\n"),
  "a file may not be executed": (root) => Deno.chmodSync(`${root}/program`, 0o644),
  "a file is a link": (root) => {
    Deno.renameSync(`${root}/program`, `${root}/elsewhere`);
    Deno.symlinkSync(`${root}/elsewhere`, `${root}/program`);
  },
  "a file is a folder": (root) => {
    Deno.removeSync(`${root}/empty`);
    Deno.mkdirSync(`${root}/empty`);
  },
  "a folder is gone": (root) => Deno.removeSync(`${root}/deep`, { recursive: true }),
  "others may write in the folder": (root) => Deno.chmodSync(root, 0o777),
  "all is gone but the folder": (root) => {
    Deno.removeSync(root, { recursive: true });
    Deno.mkdirSync(root);
  },
  "a file has the folder's name": (root) => {
    Deno.removeSync(root, { recursive: true });
    Deno.writeTextFileSync(root, "");
  },
  "the folder is a link to one that is whole": (root) => {
    Deno.renameSync(root, `${small.folder}/moved`);
    Deno.symlinkSync(`${small.folder}/moved`, root);
  },
};

for (const [what, damage] of Object.entries(DAMAGE)) {
  Deno.test(`a start unpacks again when ${what}`, async () => {
    await small.start();
    const root = small.unpacked();
    damage(root);
    assert.deepEqual(await small.start(), { code: 0, out: small.line(root), err: "" });
    assert.ok(Deno.lstatSync(root).isDirectory);
    assert.equal((Deno.lstatSync(root).mode ?? 0) & 0o777, 0o700);
    assert.equal(Deno.readTextFileSync(`${root}/deep/er/a file`), "with a space\n");
    assert.equal(Deno.statSync(`${root}/zeros`).size, 3 << 20);
    assert.deepEqual(small.entries(), [root.slice(-32), "lock"]);
    const { ino } = Deno.statSync(root);
    await small.start();
    assert.equal(Deno.statSync(root).ino, ino); // and once
  });
}

/** Starts a changed copy of the file; what it says, with the copy's path left out, and the exit code. */
async function changed(change: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>): Promise<[number, string]> {
  await small.forget();
  const copy = `${small.folder}/copy`;
  await Deno.writeFile(copy, change(await Deno.readFile(small.file)), { mode: 0o755 });
  const { code, stderr } = await new Deno.Command(copy, { env: { HOME: small.home }, clearEnv: true }).output();
  return [code, new TextDecoder().decode(stderr).replace(copy, "copy")];
}

const AGAIN = "copy it here again, or build it again\n";

Deno.test("a file that is cut short says so, wherever it ends", async () => {
  const { size } = await Deno.stat(small.file);
  for (const kept of [size - 1, size - 64, size - 1000, size - (2 << 20)]) {
    const [code, said] = await changed((bytes) => bytes.slice(0, kept));
    assert.deepEqual([code, said], [6, `error: Cannot start "copy": it is cut short; ${AGAIN}`]);
    assert.deepEqual(small.entries(), []);
  }
});

Deno.test("a file with one other byte is never unpacked under its name", async () => {
  const { size } = await Deno.stat(small.file);
  const flip = (at: number) => (bytes: Uint8Array<ArrayBuffer>) => (bytes[at] ^= 1, bytes);
  for (const at of [size - 100, size - 5000, size - (1 << 20)]) {
    const [code, said] = await changed(flip(at));
    assert.match(
      said,
      /^error: Cannot start "copy": (it is damaged|its SHA-256 is another one than built); copy it here/,
    );
    assert.equal(code, 6);
    assert.deepEqual(small.entries().filter((name) => /^[0-9a-f]{32}$/.test(name)), []);
  }
  assert.deepEqual(await changed(flip(size - 1)), [
    6,
    `error: Cannot start "copy": its SHA-256 is another one than built; ${AGAIN}`,
  ]);
  assert.deepEqual(await changed(flip(size - 41)), [6, `error: Cannot start "copy": its sizes do not fit; ${AGAIN}`]);
});
