import assert from "node:assert/strict";
import { homedir } from "node:os";
import { join } from "node:path";
import { hubPlace } from "./place.ts";

const at = (env: Record<string, string>, settings = {}) => hubPlace(settings, (name) => env[name]);

Deno.test("hubPlace() finds the cache where Python's huggingface_hub has it", () => {
  assert.equal(at({}).cache, join(homedir(), ".cache/huggingface/hub"));
  assert.equal(at({ XDG_CACHE_HOME: "/x" }).cache, "/x/huggingface/hub");
  assert.equal(at({ HF_HOME: "/h", XDG_CACHE_HOME: "/x" }).cache, "/h/hub");
  assert.equal(at({ HF_HUB_CACHE: "/c", HF_HOME: "/h" }).cache, "/c");
  assert.equal(at({ HUGGINGFACE_HUB_CACHE: "/old" }).cache, "/old");
  assert.equal(at({ HF_HUB_CACHE: "~/c" }).cache, join(homedir(), "c"));
  assert.equal(at({ HF_HUB_CACHE: "/c" }, { cacheDir: "/mine" }).cache, "/mine");
});

Deno.test("hubPlace() takes the token of the setting, the environment, or the file of a login", async () => {
  const home = await Deno.makeTempDir();
  assert.equal(at({ HF_HOME: home }).token, undefined);
  await Deno.writeTextFile(join(home, "token"), "hf_file\n");
  assert.deepEqual(at({ HF_HOME: home }).token, { text: "hf_file", from: `"${join(home, "token")}"` });
  assert.deepEqual(at({ HF_HOME: home, HF_TOKEN: " hf_env " }).token, { text: "hf_env", from: "HF_TOKEN" });
  assert.deepEqual(at({ HF_TOKEN: "hf_env" }, { hfHubToken: "hf_set" }).token, {
    text: "hf_set",
    from: "hf_hub_token",
  });
  assert.equal(at({ HF_HOME: "/nowhere", HF_TOKEN_PATH: join(home, "token") }).token?.text, "hf_file");
  await Deno.remove(home, { recursive: true });
});

Deno.test("hubPlace() reads whether the hub may be asked, where it is, and how long it may take", () => {
  for (const word of ["1", "true", "ON", "Yes"]) assert.ok(at({ HF_HUB_OFFLINE: word }).offline);
  for (const word of ["0", "false", ""]) assert.ok(!at({ HF_HUB_OFFLINE: word }).offline);
  assert.ok(at({ TRANSFORMERS_OFFLINE: "1" }).offline);
  assert.equal(at({ HF_ENDPOINT: "https://hub.example/x/" }).endpoint, "https://hub.example/x");
  assert.equal(at({}).endpoint, undefined);
  assert.deepEqual([at({}).stall, at({ HF_HUB_DOWNLOAD_TIMEOUT: "5" }).stall], [30_000, 5000]);
});

Deno.test("hubPlace() refuses what is no address, no token and no number", () => {
  assert.throws(() => at({ HF_ENDPOINT: "hub.example" }), {
    message: 'Cannot use HF_ENDPOINT = "hub.example": it is not an address; write https://… or leave it out',
  });
  assert.throws(() => at({ HF_TOKEN: "hf_a\nb" }), {
    message: "Cannot use the token of HF_TOKEN: tokens never have such characters; copy it again",
  });
  assert.throws(() => at({ HF_HUB_DOWNLOAD_TIMEOUT: "soon" }), {
    message: 'Cannot use HF_HUB_DOWNLOAD_TIMEOUT = "soon": it is not a number of seconds; write one above 0',
  });
});
