// A wheel on its way to the disk, from an index that breaks in every way.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { download } from "../../src/setup/download.ts";
import { Net, type Patience, type WheelFile, wheelNamed } from "../../src/setup/index/mod.ts";
import { partOf, serveIndex, type Shelf } from "./fake_index.ts";

const home = Deno.makeTempDirSync();
const folder = () => Deno.makeTempDirSync({ dir: home });
Deno.test.afterAll(() => Deno.removeSync(home, { recursive: true }));

const NAME = "torch-2.13.0-py3-none-any.whl";
const BYTES = crypto.getRandomValues(new Uint8Array(50_000));
const SUM = createHash("sha256").update(BYTES).digest("hex");

/** Downloads the wheel from an index that misbehaves like this; `at` may hold the part of an earlier try. */
async function fetched(
  misbehave: Shelf["misbehave"],
  { at = folder(), sha256 = SUM as string | undefined, tries = 4 } = {},
) {
  await using index = serveIndex({ wheels: { [NAME]: BYTES }, misbehave });
  const pauses: number[] = [];
  const sleep: Patience["sleep"] = (pause) => (pauses.push(pause), Promise.resolve());
  using net = new Net({}, { tries, stall: 300, sleep });
  const file: WheelFile = { ...wheelNamed(NAME)!, url: index.url.replace("/simple", `/files/${NAME}`), sha256 };
  let counted = 0;
  try {
    const path = await download(net, file, at, (bytes) => counted += bytes);
    assert.deepEqual(Deno.readFileSync(path), BYTES);
    assert.equal(counted, BYTES.length);
    return { requests: index.requests, pauses, left: files(at) };
  } catch (error) {
    return { error: error as Error, host: new URL(index.url).host, requests: index.requests, pauses, left: files(at) };
  }
}

const files = (at: string) => Array.from(Deno.readDirSync(at), ({ name }) => name);
const WHOLE = `${SUM.slice(0, 12)}-${NAME}`;

/** A folder with this part of an earlier try. */
function withPart(bytes: Uint8Array): string {
  const at = folder();
  Deno.writeFileSync(`${at}/${WHOLE}.part`, bytes);
  return at;
}

/** Does this with the first requests, one each, and answers the others well. */
function atFirst(...answers: Shelf["misbehave"][]): Shelf["misbehave"] {
  return (...asked) => answers.shift()?.(...asked);
}

/** An answer that promises all and breaks off after so many bytes; or falls silent there. */
function brokenAfter(bytes: number, { silent = false } = {}): Shelf["misbehave"] {
  return (request) => {
    const whole = partOf(BYTES, request.headers.get("range"));
    const from = Number(request.headers.get("range")?.match(/\d+/)?.[0] ?? 0);
    const body = new ReadableStream({
      start(to) {
        to.enqueue(BYTES.slice(from, from + bytes));
        if (!silent) setTimeout(() => to.close(), 20); // short of what the head promises
      },
    });
    const headers = new Headers(whole.headers);
    return new Response(body, { status: whole.status, headers });
  };
}

const status = (code: number, headers: Record<string, string> = {}): Shelf["misbehave"] => () =>
  new Response("no", { status: code, headers });

Deno.test("download() brings a wheel under its name and leaves nothing beside it", async () => {
  assert.deepEqual(await fetched(undefined), { requests: [`/files/${NAME}`], pauses: [], left: [WHOLE] });
});

Deno.test("download() goes on where it was cut off", async () => {
  const { error, requests, left } = await fetched(atFirst(brokenAfter(20_000), brokenAfter(10_000)));
  assert.equal(error, undefined);
  assert.deepEqual(requests, [`/files/${NAME}`, `/files/${NAME} bytes=20000-`, `/files/${NAME} bytes=30000-`]);
  assert.deepEqual(left, [WHOLE]);
});

Deno.test("download() goes on with what an earlier process left", async () => {
  const { error, requests } = await fetched(undefined, { at: withPart(BYTES.slice(0, 49_999)) });
  assert.equal(error, undefined);
  assert.deepEqual(requests, [`/files/${NAME} bytes=49999-`]);
});

Deno.test("download() gives up on a line that falls silent, and asks for the rest", async () => {
  const { error, requests } = await fetched(atFirst(brokenAfter(20_000, { silent: true })));
  assert.equal(error, undefined);
  assert.deepEqual(requests, [`/files/${NAME}`, `/files/${NAME} bytes=20000-`]);
});

Deno.test("download() starts over where a server knows no ranges", async () => {
  const plain: Shelf["misbehave"] = () => partOf(BYTES, null);
  const { error, requests } = await fetched(plain, { at: withPart(BYTES.slice(0, 7)) });
  assert.equal(error, undefined);
  assert.equal(requests.length, 1);
});

Deno.test("download() starts over where a server sends another part than it was asked for", async () => {
  const shifted: Shelf["misbehave"] = () => partOf(BYTES, "bytes=8-");
  const { error, requests } = await fetched(atFirst(shifted), { at: withPart(BYTES.slice(0, 7)) });
  assert.equal(error, undefined);
  assert.deepEqual(requests, [`/files/${NAME} bytes=7-`, `/files/${NAME}`]);
});

Deno.test("download() takes a part that is whole already, once its checksum is right", async () => {
  const { error, requests } = await fetched(undefined, { at: withPart(BYTES) });
  assert.equal(error, undefined);
  assert.deepEqual(requests, [`/files/${NAME} bytes=50000-`]);
});

Deno.test("download() drops the part of another file, also one that is too long", async () => {
  for (const part of [BYTES.slice(1, 30_000), new Uint8Array(60_000)]) {
    const { error, left } = await fetched(undefined, { at: withPart(part) });
    assert.equal(error, undefined);
    assert.deepEqual(left, [WHOLE]);
  }
});

Deno.test("download() refuses a file with another checksum, and keeps nothing of it", async () => {
  const { error, host, left, requests } = await fetched(undefined, { sha256: "ab".repeat(32) });
  assert.equal(
    error?.message,
    `"${host}" has another "${NAME}" than the index lists (its SHA-256 differs)`,
  );
  assert.equal(requests.length, 2); // the first time it may have been the part of another file
  assert.deepEqual(left, [`abababababab-${NAME}.part`]);
});

Deno.test("download() waits and asks again while a server is busy, as long as it says", async () => {
  const busy = atFirst(status(503), status(429, { "retry-after": "7" }), status(500));
  const { error, pauses } = await fetched(busy);
  assert.equal(error, undefined);
  assert.equal(pauses.length, 3);
  assert.ok(pauses[0] < 1000 && pauses[1] === 7000, `${pauses}`);
});

Deno.test("download() gives up in the end", async () => {
  const { error, host, requests } = await fetched(status(503), { tries: 4 });
  assert.equal(error?.message, `"${host}" answers 503`);
  assert.equal(requests.length, 4);
});

Deno.test("download() does not ask again for what is refused or not there", async () => {
  const forbidden = await fetched(status(403));
  assert.equal(
    forbidden.error?.message,
    `"${forbidden.host}" refuses it (403); put a name and password into the index's address`,
  );
  const gone = await fetched(status(404));
  assert.equal(gone.error?.message, `"${gone.host}" has no "${NAME}"`);
  assert.deepEqual([forbidden.requests.length, gone.requests.length], [1, 1]);
});

Deno.test("download() says when nobody answers at all", async () => {
  using net = new Net({}, { tries: 2, sleep: () => Promise.resolve() });
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 }), { port } = listener.addr;
  listener.close(); // nobody listens there now
  const file = { ...wheelNamed(NAME)!, url: `http://127.0.0.1:${port}/${NAME}` };
  await assert.rejects(download(net, file, folder()), {
    name: "NetFailure",
    message: `"127.0.0.1:${port}" cannot be reached (tcp connect error: Connection refused (os error 111))`,
  });
});

Deno.test("download() leaves a wheel of this machine where it is, and checks it", async () => {
  const at = folder(), path = `${at}/${NAME}`;
  Deno.writeFileSync(path, BYTES);
  using net = new Net();
  const file = { ...wheelNamed(NAME)!, url: `file://${path}` };
  assert.equal(await download(net, { ...file, sha256: SUM }, folder()), path);
  await assert.rejects(download(net, { ...file, sha256: "ab".repeat(32) }, folder()), {
    message: `this machine has another "${NAME}" than the index lists (its SHA-256 differs)`,
  });
});
