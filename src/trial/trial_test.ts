import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { runConfined } from "./confined.ts";
import { tryOut } from "./mod.ts";

const SUBJECT = { trial: "tokenizer", engine: "the engine", version: "test" };
const GOOD = { text: '{"model":{"type":"WordLevel","vocab":{"a":0},"unk_token":"a"}}', declared: [] };
const CRASHES = {
  text: JSON.stringify({ ...JSON.parse(GOOD.text), pre_tokenizer: { type: "FixedLength", length: 0 } }),
  declared: [],
};

/** With other environment variables for this process and those that it starts. */
async function withEnv(variables: Record<string, string>, use: () => Promise<void>): Promise<void> {
  const before = Object.keys(variables).map((name) => [name, Deno.env.get(name)] as const);
  for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
  try {
    await use();
  } finally {
    for (const [name, value] of before) value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
  }
}

async function inCache(use: (cache: string) => Promise<void>): Promise<void> {
  const cache = await Deno.makeTempDir({ prefix: "ftx-trial-" });
  try {
    await withEnv({ FTX_CACHE: cache }, () => use(cache));
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
}

const passed = (cache: string) => readdirSync(join(cache, "passed"));

Deno.test("tryOut() remembers what has passed, by its content and the version of what tries it", async () => {
  await inCache(async (cache) => {
    assert.equal(await tryOut({ ...SUBJECT, version: "a" }, GOOD), undefined);
    const [first] = passed(cache);
    assert.equal(await tryOut({ ...SUBJECT, version: "a" }, GOOD), undefined);
    assert.deepEqual(passed(cache), [first]);
    assert.equal(await tryOut({ ...SUBJECT, version: "b" }, GOOD), undefined);
    assert.equal(passed(cache).length, 2);
  });
});

Deno.test("tryOut() says why something fails, and tries it again the next time", async () => {
  await inCache(async (cache) => {
    for (let time = 0; time < 2; time++) {
      assert.equal(await tryOut(SUBJECT, CRASHES), 'it makes the engine crash ("chunk size must be non-zero")');
    }
    assert.throws(() => passed(cache), /ENOENT/);
  });
});

Deno.test("tryOut() needs no cache that can be written", async () => {
  await withEnv({ FTX_CACHE: "/dev/null" }, async () => {
    assert.equal(await tryOut({ ...SUBJECT, version: "c" }, GOOD), undefined);
    assert.match((await tryOut(SUBJECT, CRASHES))!, /crash/);
  });
});

Deno.test("runConfined() tells a process that did not start from one that failed", async () => {
  const input = JSON.stringify(GOOD);
  assert.deepEqual(await runConfined("tokenizer", input, { shell: "/nowhere/sh" }), { kind: "not tried" });
  assert.deepEqual(await runConfined("nothing", input), { kind: "not tried" });
  assert.deepEqual(await runConfined("tokenizer", input), { kind: "passed" });
});
