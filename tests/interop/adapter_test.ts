import assert from "node:assert/strict";
import { attachAdapter, mergeLora } from "../../src/adapters/mod.ts";
import { loadModel } from "../../src/weights/mod.ts";
import { peerPython } from "./peer.ts";
import { distance, FAMILIES, logitsOf, Workplace } from "./small.ts";

const python = peerPython("peft", "transformers", "torch");
const ignore = python === undefined;
const live = ignore ? " (skipped: no Python with peft; set FTX_PEERS)" : "";

/** How each family's adapter is trained: between them, every option of a LoRA adapter that ftx writes. */
const FLAGS: Record<string, string> = {
  llama: "--lora-rank 4 --lora-alpha 12 --lora-dropout 0.1 --additional-target lm_head,embed_tokens",
  mistral: "--lora-target q_proj,v_proj,embed_tokens --use-rslora --additional-target norm",
  qwen2: "--lora-target all --lora-layers 1 --init-lora-weights gaussian --additional-target embed_tokens",
  qwen3: "--bf16 --lora-dropout 0.05 --gradient-checkpointing --additional-target lm_head",
};

for (const family of Object.keys(FAMILIES)) {
  Deno.test(
    `PEFT loads the adapter that ftx trained, and computes what ftx computes: ${family}${live}`,
    { ignore },
    async () => {
      using place = await Workplace.make(family);
      await place.ftx(
        `sft --model model --dataset data.jsonl --template chatml --output-dir run --save-strategy no --plot-loss false ` +
          `--max-steps 4 --learning-rate 0.03 --quiet ${FLAGS[family]}`,
      );
      const theirs = await place.peer(
        python!,
        "check_adapter.py",
        ["model", "run", "ids.json", "out.json"],
        "out.json",
      );

      using model = await loadModel(place.path("model"), { dtype: "f32", device: "cpu" });
      const base = logitsOf(model);
      await attachAdapter(model, place.path("run"));
      const beside = logitsOf(model);
      assert.ok(distance(beside, base) > 0.01, "the adapter changes nothing");
      mergeLora(model);
      const errors = [distance(beside, theirs.logits), distance(logitsOf(model), theirs.merged)];
      assert.ok(Math.max(...errors) < 1e-5, `relative errors ${errors}`);
    },
  );
}

/** Arguments of PEFT's LoraConfig. */
const CONFIGS: [family: string, config: Record<string, unknown>][] = [
  ["llama", {
    r: 4,
    lora_alpha: 8,
    target_modules: ["q_proj", "down_proj"],
    modules_to_save: ["lm_head"],
    use_rslora: true,
  }],
  ["qwen3", {
    r: 8,
    lora_alpha: 16,
    target_modules: "all-linear",
    rank_pattern: { q_proj: 2 },
    alpha_pattern: { v_proj: 4 },
  }],
];

for (const [family, config] of CONFIGS) {
  Deno.test(
    `ftx loads the adapter that PEFT trained, and computes what PEFT computes: ${family}${live}`,
    { ignore },
    async () => {
      using place = await Workplace.make(family);
      Deno.writeTextFileSync(place.path("lora.json"), JSON.stringify(config));
      const theirs = await place.peer(
        python!,
        "make_adapter.py",
        ["model", "adapter", "lora.json"],
        "adapter/expected.json",
      );

      using model = await loadModel(place.path("model"), { dtype: "f32", device: "cpu" });
      await attachAdapter(model, place.path("adapter"));
      const beside = logitsOf(model, theirs.ids);
      mergeLora(model);
      const errors = [distance(beside, theirs.logits), distance(logitsOf(model, theirs.ids), theirs.merged)];
      assert.ok(Math.max(...errors) < 1e-5, `relative errors ${errors}`);
    },
  );
}
