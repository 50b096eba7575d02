// Processes that are killed, and several at once.
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { HubScene, noise } from "./scene.ts";
import { sha256 } from "./server.ts";

const BIG = noise(8 * 2 ** 20, 3);
const FILES = { "config.json": "{}", "model.safetensors": BIG };
const LOCATE = `
  import { locateModel } from "${new URL("../../src/hub/mod.ts", import.meta.url)}";
  console.log(await locateModel("org/model"));
`;

/** Downloads the model in a process of its own. */
async function locate(scene: HubScene): Promise<{ child: Deno.ChildProcess }> {
  const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
  const program = join(scene.folder, "locate.ts");
  await Deno.writeTextFile(program, LOCATE);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--cached-only", "--config", config, program],
    env: { HF_ENDPOINT: scene.hub.endpoint, HF_HUB_CACHE: scene.cache, HF_HUB_OFFLINE: "", HF_TOKEN: "" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  return { child };
}

async function ended({ child }: { child: Deno.ChildProcess }): Promise<string> {
  const { success, stdout, stderr } = await child.output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim();
}

Deno.test("after kill -9 in the middle of a file only the rest of it is taken", async () => {
  await using scene = await HubScene.make(FILES);
  const half = BIG.length / 2;
  scene.hub.fault = ({ path }) => path.startsWith("/cdn/") ? { stall: half } : undefined;
  const first = await locate(scene);
  const part = join(scene.cache, "models--org--model/blobs", `${sha256(BIG)}.incomplete`);
  const kept = () => Deno.stat(part).then(({ size }) => size, () => 0);
  while (await kept() < half) await new Promise((done) => setTimeout(done, 20));
  first.child.kill("SIGKILL");
  await first.child.output();

  scene.hub.fault = () => undefined;
  scene.hub.asked.length = 0;
  const folder = await ended(await locate(scene));
  assert.equal(sha256(await Deno.readFile(join(folder, "model.safetensors"))), sha256(BIG));
  assert.deepEqual(scene.hub.asked.filter(({ path }) => path.startsWith("/cdn/")).map(({ range }) => range), [
    `bytes=${half}-`,
  ]);
  assert.equal(scene.hub.sentOf("/model.safetensors"), BIG.length - half);
});

Deno.test("two processes that want the same download it once", async () => {
  await using scene = await HubScene.make(FILES);
  const both = await Promise.all([locate(scene), locate(scene)]);
  const [a, b] = await Promise.all(both.map(ended));
  assert.equal(a, b);
  assert.equal(sha256(await Deno.readFile(join(a, "model.safetensors"))), sha256(BIG));
  assert.equal(scene.hub.sentOf("/model.safetensors"), BIG.length);
});
