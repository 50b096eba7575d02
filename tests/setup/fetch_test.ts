// libtorch from a package index into ftx's cache, end to end.

import assert from "node:assert/strict";
import { fetchLibtorch } from "../../src/setup/fetch.ts";
import { Client } from "../../src/net/mod.ts";
import { SILENT } from "../../src/report/progress.ts";
import { PackageIndex } from "../../src/setup/package_index.ts";
import type { Build, Wish } from "../../src/setup/wheels.ts";
import { buildOf, type FakeIndex, serveIndex, type Shelf, wheelOf } from "./fake_index.ts";

const home = Deno.makeTempDirSync();
const folder = () => Deno.makeTempDirSync({ dir: home });
Deno.test.afterAll(() => Deno.removeSync(home, { recursive: true }));

const TORCH = {
  "torch/version.py": "__version__ = '2.13.0+cpu'",
  "torch/lib/libc10.so": "c10",
  "torch/lib/libtorch_cpu.so": "cpu".repeat(5000),
  "torch/include/ATen/Operators.h": "h",
  "torch/include/torch/csrc/api/include/torch/all.h": "h",
  "torch/nn/linear.py": "python",
};
const CPU = "torch-2.13.0+cpu-cp312-cp312-linux_x86_64.whl", CUDA = "torch-2.13.0-cp312-cp312-linux_x86_64.whl";
const RUNTIME = "nvidia_cuda_runtime-13.0.96-py3-none-any.whl";
const WHEELS = {
  [CPU]: wheelOf(TORCH),
  [CUDA]: wheelOf({
    ...TORCH,
    "torch/version.py": "__version__ = '2.13.0+cu130'\ncuda: Optional[str] = '13.0'\n",
    "torch/lib/libtorch_cuda.so": "cuda",
  }),
  [RUNTIME]: wheelOf({ "nvidia/cu13/lib/libcudart.so.13": "rt" }),
};
const BUILDS = [buildOf(WHEELS, [CPU]), buildOf(WHEELS, [CUDA, RUNTIME], "13.0")];

/** A fetch from this index into `cache`; nobody waits long for anything. */
function fetchFrom(
  index: FakeIndex,
  cache: string,
  wish: Partial<Wish> = {},
  { url = index.url, builds = BUILDS as Build[] } = {},
) {
  const client = new Client({ tries: 2, stall: 500, pause: () => Promise.resolve() });
  const places = new PackageIndex({ indexes: [url], findLinks: [] }, client);
  return fetchLibtorch(cache, { version: "2.13.0", gpu: false, ...wish }, places, SILENT, builds);
}

function tree(path: string): string[] {
  return Array.from(Deno.readDirSync(path), ({ name, isDirectory }) => {
    return isDirectory ? tree(`${path}/${name}`).map((inner) => `${name}/${inner}`) : [name];
  }).flat().sort();
}

const KEPT = Object.keys(TORCH).filter((name) => !name.endsWith("linear.py")).map((name) => `2.13.0-cpu/${name}`);

for (const html of [false, true]) {
  Deno.test(`fetchLibtorch() puts the CPU build into the cache, from an index in ${html ? "HTML" : "JSON"}`, async () => {
    await using index = serveIndex({ wheels: WHEELS, html });
    const cache = folder();
    assert.equal(await fetchFrom(index, cache), `${cache}/2.13.0-cpu/torch`);
    assert.deepEqual(tree(cache), [...KEPT, "lock"].sort());
    assert.ok(!index.requests.some((request) => request.includes(RUNTIME)));
    const asked = index.requests.length;
    await fetchFrom(index, cache);
    assert.equal(index.requests.length, asked); // it is there: nothing is asked
  });
}

Deno.test("fetchLibtorch() puts NVIDIA's libraries beside the CUDA build", async () => {
  await using index = serveIndex({ wheels: WHEELS });
  const cache = folder();
  assert.equal(await fetchFrom(index, cache, { gpu: true, driver: "13.0" }), `${cache}/2.13.0-cuda/torch`);
  const libraries = tree(cache).filter((path) => path.includes(".so")).map((path) => path.replace("2.13.0-cuda/", ""));
  assert.deepEqual(libraries, [
    "nvidia/cu13/lib/libcudart.so.13",
    "torch/lib/libc10.so",
    "torch/lib/libtorch_cpu.so",
    "torch/lib/libtorch_cuda.so",
  ]);
});

Deno.test("fetchLibtorch() takes the CPU half of the CUDA build from an index without the CPU build", async () => {
  const { [CPU]: _, ...wheels } = WHEELS;
  await using index = serveIndex({ wheels });
  const cache = folder();
  assert.equal(await fetchFrom(index, cache), `${cache}/2.13.0-cpu/torch`);
  assert.deepEqual(tree(cache), [...KEPT, "2.13.0-cpu/nvidia/cu13/lib/libcudart.so.13", "lock"].sort());
});

Deno.test("fetchLibtorch() says what to do when the line is cut, and goes on the next time", async () => {
  let cut = true;
  const misbehave: Shelf["misbehave"] = (request, body) => {
    if (!cut || !request.url.includes("/files/")) return;
    const bytes = body(CPU), from = Number(request.headers.get("range")?.match(/\d+/)?.[0] ?? 0);
    const part = new ReadableStream({
      start(to) {
        to.enqueue(bytes.slice(from, from + 50));
        setTimeout(() => to.close(), 20); // short of what the head promises
      },
    });
    const range = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
    const headers: Record<string, string> = from ? { "content-range": range } : { "content-length": `${bytes.length}` };
    return new Response(part, { status: from ? 206 : 200, headers });
  };
  await using index = serveIndex({ wheels: WHEELS, misbehave });
  const cache = folder();
  await assert.rejects(fetchFrom(index, cache), {
    name: "NetworkError",
    exitCode: 7,
    message:
      `Cannot fetch libtorch 2.13.0: "${new URL(index.url).host}" cannot be reached: the connection broke; run ` +
      '"ftx setup" again, which continues where it stopped, or set FTX_LIBTORCH to a libtorch of yours',
  });
  assert.deepEqual(tree(cache).map((path) => path.replace(/\w{12}-torch/, "SUM-torch")), [
    `downloads/SUM-${CPU}.part`,
    "lock",
  ]);
  cut = false;
  await fetchFrom(index, cache);
  assert.match(index.requests.at(-1)!, /bytes=100-$/);
  assert.deepEqual(tree(cache), [...KEPT, "lock"].sort());
});

Deno.test("fetchLibtorch() by two at once is one download", async () => {
  await using index = serveIndex({ wheels: WHEELS });
  const cache = folder();
  const [a, b] = await Promise.all([fetchFrom(index, cache), fetchFrom(index, cache)]);
  assert.equal(a, b);
  assert.equal(index.requests.filter((request) => request.endsWith(".whl")).length, 1);
});

Deno.test("fetchLibtorch() clears away what a killed one was unpacking", async () => {
  await using index = serveIndex({ wheels: WHEELS });
  const cache = folder();
  Deno.mkdirSync(`${cache}/partial-123/home/torch`, { recursive: true });
  await fetchFrom(index, cache);
  assert.deepEqual(tree(cache), [...KEPT, "lock"].sort());
});

Deno.test("fetchLibtorch() refuses a wheel whose files are not those it was made with, and does not keep it", async () => {
  const wheels = { [CPU]: wheelOf(TORCH, { "torch/lib/libc10.so": "c11" }) };
  await using index = serveIndex({ wheels });
  const cache = folder();
  await assert.rejects(
    fetchFrom(index, cache, {}, { builds: [buildOf(wheels, [CPU])] }),
    /the SHA-256 of torch\/lib\/libc10\.so is not the one of the wheel's RECORD/,
  );
  assert.deepEqual(tree(cache), ["lock"]);
});

Deno.test("fetchLibtorch() refuses a wheel that holds no libtorch", async () => {
  const wheels = { [CPU]: wheelOf({ "torch/lib/libc10.so": "c10" }) };
  await using index = serveIndex({ wheels });
  await assert.rejects(fetchFrom(index, folder(), {}, { builds: [buildOf(wheels, [CPU])] }), {
    name: "FtxError",
    message:
      "Cannot use libtorch 2.13.0 (CPU): what the package index has has no lib/libtorch_cpu.so; name another index",
  });
});

Deno.test("fetchLibtorch() names the libraries that the index lacks", async () => {
  const { [RUNTIME]: _, ...wheels } = WHEELS;
  await using index = serveIndex({ wheels });
  await assert.rejects(fetchFrom(index, folder(), { gpu: true }), {
    message:
      `Cannot fetch libtorch 2.13.0: the package index has no "${RUNTIME}" with the checksum that ftx knows; name ` +
      "another index with --index-url, or set FTX_LIBTORCH to a libtorch of yours",
  });
});

Deno.test("fetchLibtorch() looks for room on the disk before it downloads", async () => {
  const { wheels: [wheel], ...build } = BUILDS[0];
  const builds = [{ ...build, wheels: [{ ...wheel, size: 1e15 }] }];
  await using index = serveIndex({ wheels: WHEELS });
  const cache = folder();
  await assert.rejects(fetchFrom(index, cache, {}, { builds }), (error: Error & { exitCode: number }) => {
    assert.match(
      error.message,
      /^Cannot fetch libtorch 2\.13\.0 \(CPU\) into ".*": that needs 3445893\.5 GiB, and [\d.]+ [MG]iB are free; make room, or set XDG_CACHE_HOME to a folder on another disk$/,
    );
    return error.exitCode === 6;
  });
  assert.ok(!index.requests.some((request) => request.includes("/files/")));
});

Deno.test("fetchLibtorch() shows the name and password of an index's address", async () => {
  const misbehave: Shelf["misbehave"] = ({ headers }) =>
    headers.get("authorization") === `Basic ${btoa("ada:pass word")}` ? undefined : new Response("", { status: 401 });
  await using index = serveIndex({ wheels: WHEELS, misbehave });
  await assert.rejects(
    fetchFrom(index, folder()),
    /refuses access \(401\); put a name and password into the index's address/,
  );
  const cache = folder(), url = index.url.replace("http://", "http://ada:pass%20word@");
  await fetchFrom(index, cache, {}, { url });
  assert.ok(tree(cache).length > 1);
});

Deno.test("fetchLibtorch() fetches no file that the index lists with another checksum than ftx knows", async () => {
  const { wheels: [wheel], ...build } = BUILDS[0];
  await using index = serveIndex({ wheels: WHEELS });
  const cache = folder(), builds = [{ ...build, wheels: [{ ...wheel, sha256: "ab".repeat(32) }] }];
  await assert.rejects(fetchFrom(index, cache, {}, { builds }), {
    name: "FtxError",
    message:
      `Cannot fetch libtorch 2.13.0: the package index has no "${CPU}" with the checksum that ftx knows; name another ` +
      "index with --index-url, or set FTX_LIBTORCH to a libtorch of yours",
  });
  assert.ok(!index.requests.some((request) => request.includes("/files/")));
});
