// Folders that do not do: the launcher takes the next one, and says so; or it says what is wrong with all of them.
import assert from "node:assert/strict";
import { exists } from "../../src/libtorch/mod.ts";
import { mounting, Small } from "./small.ts";

const small = await Small.build(4 << 20);
Deno.test.afterAll(() => small[Symbol.asyncDispose]());

/** A temporary folder of this test's own, as TMPDIR. A user who mounts is root to himself. */
async function temporary(uid = Deno.uid()): Promise<{ path: string; place: string }> {
  const path = await Deno.makeTempDir({ dir: small.folder, prefix: "temporary " });
  await Deno.chmod(path, 0o1777);
  return { path, place: `${path}/ftx-${uid}/bin` };
}

const NOT_MOUNTED = "read-only, full and noexec folders";
const mounts = await mounting(`mount -t tmpfs tmpfs "${small.home}"`);
const withMounts = (name: string, fn: () => Promise<void>) =>
  Deno.test({
    name: mounts.reason === undefined ? name : `${name} (${NOT_MOUNTED} cannot be made here: skipped)`,
    ignore: mounts.reason !== undefined,
    fn,
  });

Deno.test("without a home the launcher unpacks into the temporary folder, says so once, and finds it again", async () => {
  const { path, place } = await temporary();
  const first = await small.start([], { env: { TMPDIR: path } });
  assert.deepEqual(first, {
    code: 0,
    out: small.line(small.unpacked(place)),
    err: `note: ftx is unpacked into "${place}"\n`,
  });
  assert.deepEqual(await small.start([], { env: { TMPDIR: path } }), { ...first, err: "" });
  assert.equal((Deno.statSync(`${path}/ftx-${Deno.uid()}`).mode ?? 0) & 0o777, 0o700);
});

Deno.test("a home that is not there is not made", async () => {
  const { path, place } = await temporary(), home = `${small.folder}/nobody`;
  const { code, err } = await small.start([], { env: { HOME: home, TMPDIR: path } });
  const why = `"${home}/.cache/ftx/bin" cannot be used (there is no "${home}")`;
  assert.deepEqual([code, err], [0, `note: ftx is unpacked into "${place}", because ${why}\n`]);
  assert.throws(() => Deno.statSync(home), Deno.errors.NotFound);
});

Deno.test("a relative XDG_CACHE_HOME is passed over, as its specification asks", async () => {
  await small.forget();
  const { code } = await small.start([], { env: { HOME: small.home, XDG_CACHE_HOME: "relative" } });
  assert.deepEqual([code, small.entries().length], [0, 2]);
});

Deno.test("nothing is executed from a cache in which others may write", async () => {
  const { path, place } = await temporary(), shared = `${small.folder}/shared`;
  await Deno.mkdir(shared);
  await small.start([], { env: { XDG_CACHE_HOME: shared } });
  await Deno.chmod(shared, 0o777);
  const { out, err } = await small.start([], { env: { XDG_CACHE_HOME: shared, TMPDIR: path } });
  const why = `"${shared}/ftx/bin" cannot be used (others may write in "${shared}")`;
  assert.equal(err, `note: ftx is unpacked into "${place}", because ${why}\n`);
  assert.equal(out, small.line(small.unpacked(place)));
});

Deno.test({
  name: "a cache in which the user's own group may write does, as umask 002 leaves it",
  ignore: Deno.uid() !== Deno.gid(), // such a group has its user's number
  async fn() {
    const own = `${small.folder}/own`;
    await Deno.mkdir(own);
    await Deno.chmod(own, 0o775);
    const { out, err } = await small.start([], { env: { XDG_CACHE_HOME: own } });
    assert.deepEqual([out, err], [small.line(small.unpacked(`${own}/ftx/bin`)), ""]);
  },
});

Deno.test({
  name: `nothing of another user is executed${Deno.uid() === 0 ? "" : " (needs root: skipped)"}`,
  ignore: Deno.uid() !== 0,
  async fn() {
    const other = 54321, through = ["setpriv", `--reuid=${other}`, "--clear-groups"];
    const { path } = await temporary(), place = `${path}/ftx-0/bin`;
    // He unpacks it whole, into his home and where root would look in the temporary folder, and waits for root.
    const home = `${small.folder}/his`;
    for (const folder of [home, `${path}/ftx-0`]) {
      await Deno.mkdir(folder);
      await Deno.chown(folder, other, other);
    }
    const his = await small.start([], { env: { HOME: home }, through });
    assert.equal(his.out, small.line(small.unpacked(`${home}/.cache/ftx/bin`)), his.err);
    await Deno.rename(`${home}/.cache/ftx/bin`, place);
    const own = await temporary();
    const { code, out, err } = await small.start([], { env: { HOME: home, TMPDIR: path } });
    assert.equal(code, 0);
    const [, root] = out.match(/^root=(\/tmp\/ftx-0\/bin\/[0-9a-f]{32}) words=0/) ?? assert.fail(out);
    await Deno.remove(root, { recursive: true });
    assert.match(
      err,
      /because ".*his\/.cache\/ftx\/bin" cannot be used \(".*his\/.cache(\/ftx)?" belongs to another user\)/,
    );
    assert.match(err, /".*\/ftx-0\/bin" cannot be used \(".*\/ftx-0\/bin" belongs to another user\)\n$/);
    // And root leaves no folder of its own in his home.
    await Deno.remove(`${home}/.cache`, { recursive: true });
    await small.start([], { env: { HOME: home, TMPDIR: own.path } });
    assert.deepEqual(Array.from(Deno.readDirSync(home)), []);
  },
});

withMounts("a folder from which programs may not run is passed over", async () => {
  const { path, place } = await temporary(0);
  const mounted = await mounting(`mount -t tmpfs -o noexec,mode=755 tmpfs "${small.home}"`);
  const { code, out, err } = await small.start([], { env: { HOME: small.home, TMPDIR: path }, ...mounted });
  const why = `"${small.place}" cannot be used (programs may not run there (noexec))`;
  assert.deepEqual([code, err], [0, `note: ftx is unpacked into "${place}", because ${why}\n`]);
  assert.equal(out, small.line(small.unpacked(place)));
});

withMounts("a read-only cache is passed over, unless ftx lies there already", async () => {
  await small.forget();
  const { path, place } = await temporary(0);
  const readOnly = await mounting(
    `mount --bind "${small.home}" "${small.home}"; mount -o remount,ro,bind "${small.home}"`,
  );
  const env = { HOME: small.home, TMPDIR: path };
  const { code, err } = await small.start([], { env, ...readOnly });
  const why = `"${small.place}" cannot be used (Read-only file system)`;
  assert.deepEqual([code, err], [0, `note: ftx is unpacked into "${place}", because ${why}\n`]);
  await small.start();
  assert.deepEqual(await small.start([], { env, ...readOnly }), { code: 0, out: small.line(), err: "" });
});

withMounts("a full cache is passed over, whether it is full before or becomes so", async () => {
  const { path, place } = await temporary(0);
  const full = await mounting(`mount -t tmpfs -o size=1m,mode=755 tmpfs "${small.home}"`);
  const env = { HOME: small.home, TMPDIR: path };
  const { code, err } = await small.start([], { env, ...full });
  const why = `"${small.place}" cannot be used (1 MB are free of 8 MB needed)`;
  assert.deepEqual([code, err], [0, `note: ftx is unpacked into "${place}", because ${why}\n`]);
  // Bytes suffice, but not files: the seventh cannot be made.
  const other = await temporary(0);
  const crowded = await mounting(`mount -t tmpfs -o nr_inodes=9,mode=755 tmpfs "${small.home}"`);
  const late = await small.start([], { env: { ...env, TMPDIR: other.path }, ...crowded });
  assert.equal(
    late.err,
    `note: ftx is unpacked into "${other.place}", because "${small.place}" cannot be used (No space left on device)\n`,
  );
  assert.equal(late.code, 0);
});

withMounts("where no folder does, one sentence names each and ends with 6", async () => {
  const folders = [small.home, "/tmp/ftx-0", "/var/tmp/ftx-0", "/dev/shm/ftx-0"];
  const line = folders.map((one) => `mkdir -p "${one}"; mount -t tmpfs -o noexec,mode=700 tmpfs "${one}"`).join(";");
  const before = folders.filter(exists);
  const none = await mounting(line);
  try {
    const { code, out, err } = await small.start([], { env: { HOME: small.home }, ...none });
    const places = [small.place, ...folders.slice(1).map((folder) => `${folder}/bin`)];
    const reasons = places.map((place) => `"${place}" cannot be used (programs may not run there (noexec))`).join(", ");
    const remedy = "set XDG_CACHE_HOME to a folder of yours with 8 MB free";
    assert.deepEqual([code, out, err], [6, "", `error: Cannot unpack ftx: ${reasons}; ${remedy}\n`]);
  } finally {
    for (const folder of folders) if (!before.includes(folder)) await Deno.remove(folder);
  }
});
