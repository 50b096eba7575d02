import assert from "node:assert/strict";
import { Tokenizer } from "../../src/tokenizer/mod.ts";
import { attachAdapter } from "../../src/adapters/mod.ts";
import { loadModel } from "../../src/weights/mod.ts";
import { peerPython } from "./peer.ts";
import { distance, FAMILIES, type Logits, logitsOf, Workplace } from "./small.ts";

const python = peerPython("transformers", "torch");
const ignore = python === undefined;
const live = ignore ? " (skipped: no Python with transformers; set FTX_PEERS)" : "";

/** How each family is exported, and in how many files. */
const EXPORTS: Record<string, { flags: string; files: number }> = {
  llama: { flags: "", files: 1 },
  mistral: { flags: "--export-size 0.00006", files: 3 }, // 60,000 bytes
  qwen2: { flags: "--dtype fp32", files: 1 },
  qwen3: { flags: "--export-size 0.00006", files: 3 },
};

for (const family of Object.keys(FAMILIES)) {
  Deno.test(`transformers loads ftx's export, and computes what model and adapter compute: ${family}${live}`, {
    ignore,
  }, async () => {
    using place = await Workplace.make(family);
    await train(place);
    await place.ftx(`export --model model --adapter run --export-dir merged ${EXPORTS[family].flags}`);
    const files = [...Deno.readDirSync(place.path("merged"))].map(({ name }) => name);
    assert.equal(files.filter((name) => name.endsWith(".safetensors")).length, EXPORTS[family].files);
    const theirs = await theirsOf(place, "merged");

    using model = await loadModel(place.path("model"), { dtype: "f32", device: "cpu" });
    await attachAdapter(model, place.path("run"));
    const error = distance(logitsOf(model), theirs.logits);
    assert.ok(error < 1e-5, `relative error ${error}`);
    assert.equal(theirs.dtype, "float32");
    const tokenizer = await Tokenizer.load(place.path("merged"));
    assert.deepEqual(theirs.encoded, await tokenizer.encode("Hello, world"));
  });
}

Deno.test(
  `transformers loads ftx's export in bf16, and a model that ftx trained whole${live}`,
  { ignore },
  async () => {
    using place = await Workplace.make("llama");
    await train(place, "--full");
    await place.ftx("export --model run --export-dir half --dtype bf16");
    using trained = await loadModel(place.path("run"), { dtype: "f32", device: "cpu" });
    const ours = logitsOf(trained);
    const half = await theirsOf(place, "half");
    assert.equal(half.dtype, "bfloat16");
    using rounded = await loadModel(place.path("half"), { dtype: "f32", device: "cpu" });
    const errors = [distance(logitsOf(rounded), half.logits), distance(ours, half.logits)];
    assert.ok(errors[0] < 1e-5 && errors[1] < 2e-2, `relative errors ${errors}`);
    const whole = await theirsOf(place, "run");
    assert.ok(distance(ours, whole.logits) < 1e-5);
  },
);

function train(place: Workplace, flags = "--lora --lora-dropout 0.1"): Promise<void> {
  return place.ftx(
    `sft --model model --dataset data.jsonl --template chatml --output-dir run --save-strategy no --plot-loss false ` +
      `--max-steps 4 --learning-rate 0.03 --quiet ${flags}`,
  );
}

/** What transformers computes with a folder, and how it reads it. */
function theirsOf(place: Workplace, folder: string): Promise<{ logits: Logits; dtype: string; encoded: number[] }> {
  return place.peer(python!, "check_model.py", [folder, "ids.json", "out.json"], "out.json");
}
