// A wheel on its way to the disk, from an index that breaks in every way.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Client, type NetFailure } from "../../src/net/mod.ts";
import { fetchWheel, type FoundWheel } from "../../src/setup/download.ts";
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
  { at = folder(), sha256 = SUM, tries = 4 } = {},
) {
  await using index = serveIndex({ wheels: { [NAME]: BYTES }, misbehave });
  const pauses: number[] = [];
  using client = new Client({ tries, stall: 300, pause: (pause) => (pauses.push(pause), Promise.resolve()) });
  const wheel: FoundWheel = { ...WHEEL, url: index.url.replace("/simple", `/files/${NAME}`), sha256 };
  let counted = 0;
  try {
    const path = await fetchWheel(client, wheel, at, (bytes) => counted += bytes);
    assert.deepEqual(Deno.readFileSync(path), BYTES);
    assert.equal(counted, BYTES.length);
    return { requests: index.requests, pauses, left: files(at) };
  } catch (error) {
    const failure = error as NetFailure;
    assert.equal(failure.host, new URL(index.url).host);
    return { error: failure, requests: index.requests, pauses, left: files(at) };
  }
}

const files = (at: string) => Array.from(Deno.readDirSync(at), ({ name }) => name);
const WHEEL = { project: "torch", file: NAME, sha256: SUM, size: BYTES.length };
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

Deno.test("fetchWheel() brings a wheel under its name and leaves nothing beside it", async () => {
  assert.deepEqual(await fetched(undefined), { requests: [`/files/${NAME}`], pauses: [], left: [WHOLE] });
});

Deno.test("fetchWheel() goes on where it was cut off", async () => {
  const { error, requests, left } = await fetched(atFirst(brokenAfter(20_000), brokenAfter(10_000)));
  assert.equal(error, undefined);
  assert.deepEqual(requests, [`/files/${NAME}`, `/files/${NAME} bytes=20000-`, `/files/${NAME} bytes=30000-`]);
  assert.deepEqual(left, [WHOLE]);
});

Deno.test("fetchWheel() goes on with what an earlier process left", async () => {
  const { error, requests } = await fetched(undefined, { at: withPart(BYTES.slice(0, 49_999)) });
  assert.equal(error, undefined);
  assert.deepEqual(requests, [`/files/${NAME} bytes=49999-`]);
});

Deno.test("fetchWheel() gives up on a line that falls silent, and asks for the rest", async () => {
  const { error, requests } = await fetched(atFirst(brokenAfter(20_000, { silent: true })));
  assert.equal(error, undefined);
  assert.deepEqual(requests, [`/files/${NAME}`, `/files/${NAME} bytes=20000-`]);
});

Deno.test("fetchWheel() starts over where a server knows no ranges", async () => {
  const plain: Shelf["misbehave"] = () => partOf(BYTES, null);
  const { error, requests } = await fetched(plain, { at: withPart(BYTES.slice(0, 7)) });
  assert.equal(error, undefined);
  assert.equal(requests.length, 1);
});

Deno.test("fetchWheel() starts over where a server sends another part than it was asked for", async () => {
  const shifted: Shelf["misbehave"] = () => partOf(BYTES, "bytes=8-");
  const { error, requests } = await fetched(atFirst(shifted), { at: withPart(BYTES.slice(0, 7)) });
  assert.equal(error, undefined);
  assert.deepEqual(requests, [`/files/${NAME} bytes=7-`, `/files/${NAME}`]);
});

Deno.test("fetchWheel() takes a part that is whole already, once its checksum is right", async () => {
  const { error, requests } = await fetched(undefined, { at: withPart(BYTES) });
  assert.equal(error, undefined);
  assert.deepEqual(requests, []);
});

Deno.test("fetchWheel() drops the part of another file, also one that is too long", async () => {
  for (const part of [BYTES.slice(1, 30_000), new Uint8Array(60_000)]) {
    const { error, left } = await fetched(undefined, { at: withPart(part) });
    assert.equal(error, undefined);
    assert.deepEqual(left, [WHOLE]);
  }
});

Deno.test("fetchWheel() refuses a file with another checksum, and keeps nothing of it", async () => {
  const { error, left, requests } = await fetched(undefined, { sha256: "ab".repeat(32) });
  assert.equal(error?.message, `sends a "${NAME}" with another checksum`);
  assert.equal(requests.length, 2); // the first time it may have been the part of another file
  assert.deepEqual(left, [`abababababab-${NAME}.part`]);
});

Deno.test("fetchWheel() waits and asks again while a server is busy, as long as it says", async () => {
  const busy = atFirst(status(503), status(429, { "retry-after": "7" }), status(500));
  const { error, pauses } = await fetched(busy);
  assert.equal(error, undefined);
  assert.equal(pauses.length, 3);
  assert.ok(pauses[0] < 1000 && pauses[1] === 7000, `${pauses}`);
});

Deno.test("fetchWheel() gives up in the end", async () => {
  const { error, requests } = await fetched(status(503), { tries: 4 });
  assert.equal(error?.message, "answered 503");
  assert.equal(requests.length, 4);
});

Deno.test("fetchWheel() does not ask again for what is refused or not there", async () => {
  const forbidden = await fetched(status(403));
  assert.deepEqual([forbidden.error?.message, forbidden.error?.facts.status], ["answered 403", 403]);
  const gone = await fetched(status(404));
  assert.equal(gone.error?.message, "answered 404");
  assert.deepEqual([forbidden.requests.length, gone.requests.length], [1, 1]);
});

Deno.test("fetchWheel() says when nobody answers at all", async () => {
  using client = new Client({ tries: 2, pause: () => Promise.resolve() });
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 }), { port } = listener.addr;
  listener.close(); // nobody listens there now
  const wheel = { ...WHEEL, url: `http://127.0.0.1:${port}/${NAME}` };
  await assert.rejects(fetchWheel(client, wheel, folder()), {
    name: "NetFailure",
    message: "the connection was refused",
    host: `127.0.0.1:${port}`,
  });
});

Deno.test("fetchWheel() leaves a wheel of this machine where it is, and checks it", async () => {
  const at = folder(), path = `${at}/${NAME}`;
  Deno.writeFileSync(path, BYTES);
  using client = new Client();
  const wheel = { ...WHEEL, url: `file://${path}` };
  assert.equal(await fetchWheel(client, wheel, folder()), path);
  await assert.rejects(fetchWheel(client, { ...wheel, sha256: "ab".repeat(32) }, folder()), {
    name: "FtxError",
    message:
      `Cannot use "${path}": its SHA-256 is not the one of "${NAME}" that ftx knows; remove it, or name another ` +
      "index with --index-url",
  });
});
