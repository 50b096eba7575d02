// A setup that is killed while it downloads: the next one goes on, and nothing half done is taken for whole.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { buildOf, serveIndex, type Shelf, wheelOf } from "./fake_index.ts";

const SRC = fileURLToPath(new URL("../../src", import.meta.url));
const home = Deno.makeTempDirSync();
Deno.test.afterAll(() => Deno.removeSync(home, { recursive: true }));

// Nothing that a zip can make short.
const random = Array.from({ length: 200_000 }, () => String.fromCharCode(32 + Math.floor(96 * Math.random()))).join("");
const TORCH = {
  "torch/version.py": "__version__ = '2.13.0+cpu'",
  "torch/lib/libc10.so": "c10",
  "torch/lib/libtorch_cpu.so": random,
  "torch/include/ATen/Operators.h": "h",
  "torch/include/torch/csrc/api/include/torch/all.h": "h",
};
const NAME = "torch-2.13.0+cpu-cp312-cp312-linux_x86_64.whl", BYTES = wheelOf(TORCH), SENT = 100_000;

/** A process that fetches libtorch from `url` into `cache`. */
function setup(url: string, cache: string): Deno.ChildProcess {
  const script = `
    import { fetchLibtorch } from "${SRC}/setup/fetch.ts";
    import { PackageIndex } from "${SRC}/setup/package_index.ts";
    import { Client } from "${SRC}/net/mod.ts";
    import { SILENT } from "${SRC}/report/progress.ts";
    const index = new PackageIndex({ indexes: ["${url}"], findLinks: [] }, new Client());
    const builds = ${JSON.stringify([buildOf({ [NAME]: BYTES }, [NAME])])};
    console.log(await fetchLibtorch("${cache}", { version: "2.13.0", gpu: false }, index, SILENT, builds));`;
  const path = `${home}/setup.ts`;
  Deno.writeTextFileSync(path, script);
  const args = ["run", "-A", "--no-check", "--cached-only", "--config", `${SRC}/../deno.json`, path];
  return new Deno.Command(Deno.execPath(), { args, stdout: "piped", stderr: "inherit" }).spawn();
}

Deno.test("a fetch killed amid its download is continued by the next one, and a second one beside it waits", async () => {
  let silent = true;
  const misbehave: Shelf["misbehave"] = (request) => {
    if (!silent || !request.url.endsWith(".whl")) return;
    const body = new ReadableStream({ start: (to) => to.enqueue(BYTES.slice(0, SENT)) }); // and then nothing
    return new Response(body, { headers: { "content-length": `${BYTES.length}` } });
  };
  await using index = serveIndex({ wheels: { [NAME]: BYTES }, misbehave });
  const cache = `${home}/cache`,
    partIn = () => {
      try {
        const [part] = Array.from(Deno.readDirSync(`${cache}/downloads`), ({ name }) => `${cache}/downloads/${name}`);
        return Deno.statSync(part).size;
      } catch {
        return 0;
      }
    };
  const killed = setup(index.url, cache);
  while (partIn() < SENT) await new Promise((done) => setTimeout(done, 20));
  killed.kill("SIGKILL");
  await killed.output();
  silent = false;
  const ends = await Promise.all([setup(index.url, cache), setup(index.url, cache)].map((child) => child.output()));
  for (const { success, stdout } of ends) {
    assert.ok(success);
    assert.equal(new TextDecoder().decode(stdout).trim(), `${cache}/2.13.0-cpu/torch`);
  }
  const downloads = index.requests.filter((request) => request.includes(".whl"));
  assert.deepEqual(downloads.map((request) => request.split(" ")[1]), [undefined, `bytes=${SENT}-`]);
  assert.equal(Deno.readTextFileSync(`${cache}/2.13.0-cpu/torch/lib/libtorch_cpu.so`), random);
});
