// The command with a hub: downloads once, trains, and needs no network afterwards.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ftx } from "../ftx.ts";
import { smallModel } from "../small_model.ts";
import { LoopbackHub } from "./server.ts";

const ROWS = [
  { instruction: "How do I list all images?", output: "docker images" },
  { instruction: "How do I list the running containers?", output: "docker ps" },
];
const LINES = ROWS.map((row) => JSON.stringify(row)).join("\n");
const SFT =
  "sft --model org/tiny --dataset org/data --lora --max-steps 2 --template chatml --resize-vocab --output-dir out";

/** A hub with a small model, data for it, and a folder to run in. */
class Scene implements AsyncDisposable {
  private constructor(readonly hub: LoopbackHub, readonly folder: string) {}

  static async make(): Promise<Scene> {
    const hub = await LoopbackHub.start();
    const model = await smallModel();
    hub.addFolder("model", "org/tiny", model);
    rmSync(model, { recursive: true });
    hub.add("dataset", "org/data", { "README.md": "# Questions", "data/train.jsonl": LINES, "data/test.jsonl": "{}" });
    return new Scene(hub, mkdtempSync(join(tmpdir(), "ftx-hub-command-")));
  }

  /** Runs ftx with the hub, or with the cache only. */
  async run(line: string, env: Record<string, string> = {}) {
    const online = {
      HF_HUB_OFFLINE: "",
      HF_ENDPOINT: this.hub.endpoint,
      HF_HOME: join(this.folder, "home"),
      HF_TOKEN: "",
    };
    return await ftx(this.folder, line, { ...online, ...env });
  }

  async [Symbol.asyncDispose]() {
    rmSync(this.folder, { recursive: true });
    await this.hub[Symbol.asyncDispose]();
  }
}

Deno.test("ftx sft downloads model and data once, and then works offline", async () => {
  await using scene = await Scene.make();
  const first = await scene.run(SFT);
  assert.equal(first.code, 0, first.err);
  const cache = join(scene.folder, "home/hub");
  assert.ok(existsSync(join(cache, "models--org--tiny/refs/main")));
  assert.ok(existsSync(join(cache, "datasets--org--data/refs/main")));
  const sent = scene.hub.sentOf("/model.safetensors") + scene.hub.sentOf("/train.jsonl");

  const config = JSON.parse(await Deno.readTextFile(join(scene.folder, "out/adapter_config.json")));
  assert.equal(config.base_model_name_or_path, "org/tiny");
  assert.match(await Deno.readTextFile(join(scene.folder, "out/README.md")), /^base_model: org\/tiny$/m);
  assert.match(await Deno.readTextFile(join(scene.folder, "out/run.yaml")), /^model_name_or_path: org\/tiny$/m);

  const again = await scene.run(`${SFT} --output-dir again --quiet`);
  assert.deepEqual([again.code, again.err], [0, ""]);
  assert.equal(scene.hub.sentOf("/model.safetensors") + scene.hub.sentOf("/train.jsonl"), sent);

  const asked = scene.hub.asked.length;
  const offline = await scene.run(`${SFT} --output-dir offline`, { HF_HUB_OFFLINE: "1" });
  assert.equal(offline.code, 0, offline.err);
  assert.equal(scene.hub.asked.length, asked);
  const weights = (run: string) => Deno.readFile(join(scene.folder, run, "adapter_model.safetensors"));
  assert.deepEqual(await weights("offline"), await weights("out"));
});

Deno.test("ftx pt, data preview, chat and export take names of the hub, adapters too", async () => {
  await using scene = await Scene.make();
  const { hub, folder } = scene;
  hub.add("dataset", "org/text", { "notes.txt": "Docker lists images. Docker lists containers.\n".repeat(30) });
  const trained = await scene.run(SFT);
  assert.equal(trained.code, 0, trained.err);
  hub.add("model", "org/adapter", {
    "adapter_config.json": await Deno.readFile(join(folder, "out/adapter_config.json")),
    "adapter_model.safetensors": await Deno.readFile(join(folder, "out/adapter_model.safetensors")),
  });
  const lines = [
    "pt --model org/tiny --full --dataset org/text --max-steps 1 --cutoff-len 32 --output-dir pt",
    "data preview --model org/tiny --dataset org/data --template chatml --resize-vocab",
    "chat --model org/tiny --adapter org/adapter --template alpaca --prompt hi --max-new-tokens 2",
    "export --model org/tiny@main --adapter org/adapter --export-dir merged",
  ];
  for (const line of lines) {
    const { code, err } = await scene.run(line);
    assert.equal(code, 0, `${line}\n${err}`);
  }
  assert.ok(existsSync(join(folder, "merged/model.safetensors")));
});

Deno.test("a short name brings its template where the tokenizer has none, and a preview downloads no weights", async () => {
  await using scene = await Scene.make();
  const { hub } = scene;
  const { files } = hub.repositories.get("models/org/tiny")!;
  const texts = Object.fromEntries([...files].map(([path, { bytes }]) => [path, bytes]));
  const config = JSON.parse(new TextDecoder().decode(texts["tokenizer_config.json"]));
  hub.add("model", "HuggingFaceTB/SmolLM-135M", {
    ...texts,
    "tokenizer_config.json": JSON.stringify({ ...config, chat_template: undefined }),
  });
  const { code, out, err } = await scene.run("data preview --model smollm-135m --dataset org/data");
  assert.equal(code, 0, err);
  assert.match(out, /<\|im_start\|>user\W+How do I list all images\?<\|im_end\|>/);
  assert.equal(hub.sentOf("/model.safetensors"), 0);
  const trained = await scene.run("sft --model SmolLM-135M --lora --dataset org/data --max-steps 1 --output-dir out");
  assert.equal(trained.code, 0, trained.err);
  const adapter = JSON.parse(await Deno.readTextFile(join(scene.folder, "out/adapter_config.json")));
  assert.equal(adapter.base_model_name_or_path, "HuggingFaceTB/SmolLM-135M");
});
