import assert from "node:assert/strict";
import { download } from "./pip.ts";

const home = Deno.makeTempDirSync();
Deno.test.afterAll(() => Deno.removeSync(home, { recursive: true }));

/** A program in pip's place that does what the shell lines say, and the folder it is to download into. */
function fakePip(script: string): [pip: string[], folder: string] {
  const folder = Deno.makeTempDirSync({ dir: home });
  Deno.writeTextFileSync(`${folder}/pip.sh`, script);
  return [["bash", `${folder}/pip.sh`], `${folder}/wheels`];
}

Deno.test("download() returns the wheels that pip left in the folder", async () => {
  const [pip, folder] = fakePip('touch "$TMPDIR/torch-2.13.0.whl" "$TMPDIR/notes.txt"');
  assert.deepEqual(await download(pip, ["torch==2.13.0"], folder), [`${folder}/torch-2.13.0.whl`]);
});

Deno.test("download() installs nothing, builds nothing and asks nothing", async () => {
  const [pip, folder] = fakePip('echo "$@" $PIP_NO_INPUT > "$TMPDIR/seen"');
  await download(pip, ["torch==2.13.0"], folder, ["--no-deps"]);
  assert.equal(
    Deno.readTextFileSync(`${folder}/seen`),
    `download --only-binary=:all: --no-cache-dir --progress-bar=off --dest ${folder} --no-deps torch==2.13.0 1\n`,
  );
});

Deno.test("download() is undefined when the index has no such build", async () => {
  const [pip, folder] = fakePip("echo ERROR: No matching distribution found for torch==2.13.0+cpu >&2; exit 1");
  assert.equal(await download(pip, ["torch==2.13.0+cpu"], folder), undefined);
});

Deno.test("download() tells an index out of reach from one that lacks the build", async () => {
  const [pip, folder] = fakePip(
    'echo "WARNING: Retrying (Retry(total=0)) after connection broken"; echo ERROR: No matching distribution found; exit 1',
  );
  await assert.rejects(download(pip, ["torch==2.13.0"], folder), {
    exitCode: 7,
    message: "Cannot download torch==2.13.0: pip does not reach its index; mend the network or the index " +
      '(see "pip config list"), or set FTX_LIBTORCH to a libtorch of yours',
  });
});

Deno.test("download() repeats pip's last error", async () => {
  const [pip, folder] = fakePip("echo Collecting torch; echo ERROR: HTTP error 403 while getting torch >&2; exit 1");
  await assert.rejects(download(pip, ["torch==2.13.0"], folder), {
    message:
      'Cannot download torch==2.13.0: pip says "ERROR: HTTP error 403 while getting torch"; mend the network or ' +
      'the index (see "pip config list"), or set FTX_LIBTORCH to a libtorch of yours',
  });
});
