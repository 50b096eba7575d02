import assert from "node:assert/strict";
import { adapterFiles, attachAdapter, type Attached, mergeLora, prepareAdapter } from "../../src/adapters/mod.ts";
import type { CausalLm } from "../../src/models/mod.ts";
import { readHeader, writeSafetensors } from "../../src/safetensors/mod.ts";
import { manualSeed, noGrad, randn, scope } from "../../src/tensor/mod.ts";
import { bytesOfTensor, loadModel } from "../../src/weights/mod.ts";
import { peerPython } from "./peer.ts";
import { distance, type Logits, logitsOf } from "./small.ts";

const python = peerPython("peft", "transformers", "torch");
const ignore = python === undefined;
const live = ignore ? " (skipped: no Python with peft; set FTX_PEERS)" : "";

/** The rows of peft_kinds.py. */
const ROWS = [17, 9].map((length, row) =>
  Array.from({ length }, (_, i) => row ? 5 + (i * 53) % 90 : 3 + (i * 37) % 90)
);

interface Kind {
  base: "untied" | "tied" | "biased";
  config: Record<string, unknown>;
  resize?: number;
  shift?: string[];
  save?: Record<string, unknown>;
  /** Changes the names in the file afterwards. */
  rename?: (key: string) => string;
  /** PEFT cannot load its own file of this kind. */
  onlyHere?: true;
}

const saved = (base: Kind["base"], ...modules_to_save: string[]): Kind => ({ base, config: { modules_to_save } });
const adapted = (base: Kind["base"], target_modules: unknown, config = {}): Kind => ({
  base,
  config: { target_modules, ...config },
});
const HEAD = "lm_head", EMBEDDING = "model.embed_tokens";

const kinds: Record<string, Kind> = {
  "every norm": saved("untied", "norm"),
  "a block": saved("untied", "layers.0"),
  "part of a block": { base: "biased", config: { target_modules: ["up_proj"], modules_to_save: ["self_attn"] } },
  "a module and a part of it": { ...saved("untied", "mlp", "down_proj"), onlyHere: true },
  "the backbone": { base: "untied", config: { target_modules: [HEAD], modules_to_save: ["model"] } },
  "a module that is not there": saved("untied", "classifier"),
  "embedding and head": saved("untied", "embed_tokens", "lm_head"),
  "tied, embedding": saved("tied", "embed_tokens"),
  "tied, head": saved("tied", "lm_head"),
  "tied, both": saved("tied", "embed_tokens", "lm_head"),
  "tied, kept tied by both": {
    base: "tied",
    config: { modules_to_save: ["embed_tokens", "lm_head"], ensure_weight_tying: true },
  },
  "tied, kept tied by the head": { base: "tied", config: { modules_to_save: ["lm_head"], ensure_weight_tying: true } },
  "nothing to keep tied": { base: "untied", config: { modules_to_save: ["embed_tokens"], ensure_weight_tying: true } },
  "branch of the head": { ...adapted("untied", ["q_proj", "lm_head"]), shift: [HEAD] },
  "branch of the embedding": { ...adapted("untied", ["q_proj", "embed_tokens"]), shift: [EMBEDDING] },
  "tied, branch of the head": { ...adapted("tied", ["q_proj", "lm_head"]), shift: [HEAD] },
  "tied, branch of the embedding": { ...adapted("tied", ["q_proj", "embed_tokens"]), shift: [HEAD] },
  "tied, branches of both": { ...adapted("tied", ["q_proj", "embed_tokens", "lm_head"]), shift: [HEAD] },
  "tied, branch of the head beside the embedding": adapted("tied", ["lm_head"], { modules_to_save: ["embed_tokens"] }),
  "tied, branch of the embedding beside the head": adapted("tied", ["embed_tokens"], { modules_to_save: ["lm_head"] }),
  "saved embeddings": { ...saved("untied"), shift: [HEAD, EMBEDDING], save: { save_embedding_layers: true } },
  "tied, saved embeddings": { ...saved("tied"), shift: [HEAD], save: { save_embedding_layers: true } },
  "grown, saved embeddings": { ...saved("untied"), resize: 104 },
  "grown, tied, saved embeddings": { ...saved("tied"), resize: 104 },
  "grown, both whole": { ...saved("untied", "embed_tokens", "lm_head"), resize: 104 },
  "grown, tied, embedding": { ...saved("tied", "embed_tokens"), resize: 104 },
  "shrunk, tied, both": { ...saved("tied", "embed_tokens", "lm_head"), resize: 95 },
  "all biases": { base: "biased", config: { bias: "all" } },
  "biases of the layers with branches": { base: "biased", config: { bias: "lora_only" } },
  "all biases beside a whole module": { base: "biased", config: { bias: "all", modules_to_save: ["k_proj"] } },
  "all biases, some in whole modules": {
    base: "biased",
    config: { bias: "all", target_modules: ["up_proj"], modules_to_save: ["self_attn"] },
  },
  "ranks and alphas": adapted("untied", ["q_proj", "v_proj", "up_proj"], {
    rank_pattern: { "^model.layers.1.self_attn.q_proj": 3, "layers\\.\\d+\\.mlp\\..*": 4 },
    alpha_pattern: { v_proj: 5 },
    use_rslora: true,
  }),
  "layers": adapted("untied", ["q_proj", "mlp.up_proj"], { layers_to_transform: [1], layers_pattern: "layers" }),
  "an expression": adapted("untied", "^(?!.*layers\\.0).*\\.(?P<name>q|v)_proj\\Z", { exclude_modules: ".*\\.v_proj" }),
  "the adapter's name in names": {
    base: "untied",
    config: { target_modules: ["q_proj", "embed_tokens"] },
    rename: (key) => key.replace(/\.lora_(?:embedding_)?[AB]/, "$&.mine"),
    onlyHere: true,
  },
  "names without a prefix": {
    base: "tied",
    config: { modules_to_save: ["norm"] },
    rename: (key) => key.replace(/^base_model\.model\./, ""),
    onlyHere: true,
  },
};

/** Adapters that ftx makes: base, modules trained whole, targets; `rows` grows the vocabulary. */
const ours: [base: Kind["base"], whole: string[], targets: string[], rows?: number][] = [
  ["untied", ["norm"], ["q_proj"]],
  ["untied", ["layers.0"], ["q_proj"]],
  ["untied", ["mlp", "down_proj"], ["q_proj"]],
  ["untied", ["layers.0", "down_proj"], ["q_proj"]],
  ["untied", ["embed_tokens"], ["q_proj"]],
  ["untied", ["lm_head"], ["all"]],
  ["untied", ["embed_tokens", "lm_head"], ["q_proj"], 100],
  ["untied", [], ["lm_head", "embed_tokens"]],
  ["biased", ["self_attn"], ["mlp.up_proj"]],
  ["tied", ["embed_tokens"], ["q_proj"]],
  ["tied", ["tokens"], ["q_proj"]],
  ["tied", ["lm_head"], ["q_proj"]],
  ["tied", ["embed_tokens", "lm_head"], ["q_proj"]],
  ["tied", ["embed_tokens"], ["q_proj", "lm_head"]],
  ["tied", [], ["q_proj", "lm_head", "embed_tokens"]],
  ["tied", ["norm"], ["q_proj"], 100],
];

const load = (place: string, base: string) => loadModel(`${place}/${base}`, { dtype: "f32", device: "cpu" });

async function run(verb: string, place: string) {
  const args = [new URL("peft_kinds.py", import.meta.url).pathname, verb, place];
  const env = { PYTHONDONTWRITEBYTECODE: "1" };
  const { success, stderr } = await new Deno.Command(python!, { args, env }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

/** Writes an adapter as a run does, with the size of the vocabulary beside it. */
async function write(folder: string, model: CausalLm, attached: Attached) {
  const { tensors, texts } = adapterFiles(attached);
  await Deno.mkdir(folder);
  const bytes = Array.from(tensors(), ([name, t]) => [name, bytesOfTensor(t)] as const);
  await writeSafetensors(`${folder}/adapter_model.safetensors`, bytes, { format: "pt" });
  for (const [name, text] of Object.entries(texts)) await Deno.writeTextFile(`${folder}/${name}`, text);
  await Deno.writeTextFile(`${folder}/rows.json`, String(model.config.vocabSize));
}

/** A new adapter of random values on a model. */
async function adapt(model: CausalLm, [, whole, loraTarget, rows]: typeof ours[number]): Promise<Attached> {
  const attached = await prepareAdapter(
    model,
    {
      ...{ adapterNameOrPath: [], createNewAdapter: false, loraRank: 2, loraAlpha: 3, loraDropout: 0, loraTarget },
      ...{ loraLayers: [], useRslora: false, initLoraWeights: true, modelNameOrPath: "base", modelRevision: "main" },
    },
    { additionalTarget: whole, vocabulary: rows ? { tokens: rows, added: [] } : undefined, note: () => {} },
  );
  manualSeed(3);
  for (const [, p] of model.parameters()) {
    if (p.wantsGrad) scope(() => noGrad(() => p.add_(randn(p.shape, { dtype: "f32" }).mul(0.1))));
  }
  return attached;
}

async function renameTensors(file: string, rename: (key: string) => string) {
  const { tensors } = await readHeader(file), all = await Deno.readFile(file);
  const renamed = [...tensors].map(([key, { dtype, shape, start, end }]) =>
    [rename(key), { dtype, shape, data: all.slice(start, end) }] as const
  );
  await Deno.remove(file);
  await writeSafetensors(file, renamed, { format: "pt" });
}

Deno.test(`adapters of each kind mean the same in PEFT and in ftx, both ways${live}`, { ignore }, async (t) => {
  const place = await Deno.makeTempDir({ prefix: "ftx-kinds-" });
  try {
    const made = Object.entries(kinds).map(([name, { rename: _, onlyHere: __, ...kind }]) => [name, kind]);
    await Deno.writeTextFile(`${place}/kinds.json`, JSON.stringify(Object.fromEntries(made)));
    await run("make", place);
    const written: { base: string; folder: string; logits: Logits; what: string }[] = [];
    for (const [name, { base, rename, onlyHere }] of Object.entries(kinds)) {
      await t.step(`ftx reads PEFT's adapter: ${name}`, async () => {
        if (rename) await renameTensors(`${place}/${name}/adapter_model.safetensors`, rename);
        const { logits } = JSON.parse(await Deno.readTextFile(`${place}/${name}/expected.json`));
        using model = await load(place, base);
        const attached = await attachAdapter(model, `${place}/${name}`);
        const beside = logitsOf(model, ROWS);
        assert.ok(distance(beside, logits) < 1e-5, `relative error ${distance(beside, logits)}`);
        const again = `${name}, again`;
        await write(`${place}/${again}`, model, attached);
        if (!onlyHere || rename) written.push({ base, folder: again, logits, what: again });
        mergeLora(model);
        const merged = distance(logitsOf(model, ROWS), logits);
        assert.ok(merged < 1e-5, `merged: relative error ${merged}`);
      });
    }
    for (const [i, kind] of ours.entries()) {
      const [base, whole, targets, rows] = kind, folder = `ours ${i}`;
      const what = `${base}, whole ${whole}, branches of ${targets}${rows ? `, ${rows} rows` : ""}`;
      await t.step(`ftx reads its own adapter: ${what}`, async () => {
        using model = await load(place, base);
        await write(`${place}/${folder}`, model, await adapt(model, kind));
        const logits = logitsOf(model, ROWS);
        written.push({ base, folder, logits, what });
        using other = await load(place, base);
        await attachAdapter(other, `${place}/${folder}`);
        assert.ok(distance(logitsOf(other, ROWS), logits) < 1e-6);
      });
    }
    await Deno.writeTextFile(`${place}/check.json`, JSON.stringify(written.map(({ base, folder }) => [base, folder])));
    await run("check", place);
    const theirs = JSON.parse(await Deno.readTextFile(`${place}/checked.json`));
    for (const [i, { what, logits }] of written.entries()) {
      await t.step(`PEFT reads ftx's adapter: ${what}`, () => {
        assert.ok(typeof theirs[i] !== "string", theirs[i]);
        assert.ok(distance(theirs[i], logits) < 1e-5, `relative error ${distance(theirs[i], logits)}`);
      });
    }
  } finally {
    await Deno.remove(place, { recursive: true });
  }
});
