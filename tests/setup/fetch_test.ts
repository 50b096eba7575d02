// libtorch from a package index into ftx's cache, end to end.

import assert from "node:assert/strict";
import { fetchLibtorch } from "../../src/setup/fetch.ts";
import { Net, PackageIndex } from "../../src/setup/index/mod.ts";
import { SILENT } from "../../src/hub/progress.ts";
import type { Wish } from "../../src/setup/choose.ts";
import { type FakeIndex, serveIndex, type Shelf, wheelOf } from "./fake_index.ts";

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
const NEEDS = "Requires-Dist: nvidia-cuda-runtime==13.0.96; platform_system == 'Linux'\nRequires-Dist: sympy\n";
const RUNTIME = "nvidia_cuda_runtime-13.0.96-py3-none-any.whl";
const WHEELS = {
  [CPU]: wheelOf(TORCH),
  [CUDA]: wheelOf({
    ...TORCH,
    "torch/version.py": "__version__ = '2.13.0+cu130'\ncuda: Optional[str] = '13.0'\n",
    "torch/lib/libtorch_cuda.so": "cuda",
  }, NEEDS),
  [RUNTIME]: wheelOf({ "nvidia/cu13/lib/libcudart.so.13": "rt" }, ""),
};

/** A fetch from this index into `cache`; nobody waits long for anything. */
function fetchFrom(index: FakeIndex, cache: string, wish: Partial<Wish> = {}, url = index.url) {
  const net = new Net({}, { tries: 2, stall: 500, sleep: () => Promise.resolve() });
  const shelves = new PackageIndex({ indexes: [url], findLinks: [] }, net);
  return fetchLibtorch(cache, { version: "2.13.0", gpu: false, ...wish }, shelves, SILENT);
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

for (const metadata of [undefined, { [CUDA]: NEEDS, [RUNTIME]: "" }]) {
  const how = metadata ? "shows metadata" : "shows none";
  Deno.test(`fetchLibtorch() puts NVIDIA's libraries beside the CUDA build, from an index that ${how}`, async () => {
    await using index = serveIndex({ wheels: WHEELS, metadata: metadata as Shelf["metadata"] });
    const cache = folder(), wish = { gpu: true, driver: [13, 0] as const };
    // Without metadata, torch has no CUDA version that could be held against the driver: it is read from the wheel.
    assert.equal(await fetchFrom(index, cache, wish), `${cache}/2.13.0-cuda/torch`);
    const libraries = tree(cache).filter((path) => path.includes(".so")).map((path) =>
      path.replace("2.13.0-cuda/", "")
    );
    assert.deepEqual(libraries, [
      "nvidia/cu13/lib/libcudart.so.13",
      "torch/lib/libc10.so",
      "torch/lib/libtorch_cpu.so",
      "torch/lib/libtorch_cuda.so",
    ]);
  });
}

Deno.test("fetchLibtorch() says what to do when the line is cut, and goes on the next time", async () => {
  let cut = true;
  const misbehave: Shelf["misbehave"] = (request, body) => {
    if (!cut || !request.url.includes("/files/") || request.url.endsWith(".metadata")) return;
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
      `Cannot fetch libtorch 2.13.0: "${new URL(index.url).host}" broke off; run "ftx setup" again, which goes on ` +
      "where it broke off, or set FTX_LIBTORCH to a libtorch of yours",
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
  const damaged = wheelOf(TORCH, "", { "torch/lib/libc10.so": "c11" });
  await using index = serveIndex({ wheels: { [CPU]: damaged } });
  const cache = folder();
  await assert.rejects(
    fetchFrom(index, cache),
    /the SHA-256 of torch\/lib\/libc10\.so is not the one of the wheel's RECORD/,
  );
  assert.deepEqual(tree(cache), ["lock"]);
});

Deno.test("fetchLibtorch() refuses a wheel that holds no libtorch", async () => {
  await using index = serveIndex({ wheels: { [CPU]: wheelOf({ "torch/lib/libc10.so": "c10" }) } });
  await assert.rejects(fetchFrom(index, folder()), {
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
      "Cannot fetch what libtorch requires: the package index has no nvidia-cuda-runtime ==13.0.96 for this machine; " +
      "name another index with --index-url, or set FTX_LIBTORCH to a libtorch of yours",
  });
});

Deno.test("fetchLibtorch() looks for room on the disk before it downloads", async () => {
  const misbehave: Shelf["misbehave"] = (request) =>
    request.url.includes("/simple/")
      ? Response.json({ files: [{ filename: CPU, url: `../../files/${CPU}`, hashes: {}, size: 1e15 }] })
      : undefined;
  await using index = serveIndex({ wheels: WHEELS, misbehave });
  const cache = folder();
  await assert.rejects(fetchFrom(index, cache), (error: Error & { exitCode: number }) => {
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
    /refuses it \(401\); put a name and password into the index's address/,
  );
  const cache = folder(), url = index.url.replace("http://", "http://ada:pass%20word@");
  await fetchFrom(index, cache, {}, url);
  assert.ok(tree(cache).length > 1);
});
