import assert from "node:assert/strict";
import { openModel } from "../../src/weights/folder.ts";
import { shards } from "../../src/safetensors/shards.ts";
import { peerPython, runPeer } from "./peer.ts";

const python = peerPython("transformers", "torch");
const ignore = python === undefined;
const live = ignore ? " (skipped: no Python with transformers; set FTX_PEERS)" : "";

const SAVE = `
import sys, json, torch, transformers
from transformers import AutoModelForCausalLM, LlamaConfig, MistralConfig, Qwen2Config, Qwen3Config
transformers.utils.logging.set_verbosity_error()
small = dict(vocab_size=96, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2)
orders = {}
for name, config in dict(llama=LlamaConfig(**small, tie_word_embeddings=True,
        rope_parameters=dict(rope_type="llama3", rope_theta=5e5, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
        original_max_position_embeddings=64)),
        mistral=MistralConfig(**small, sliding_window=8), qwen2=Qwen2Config(**small),
        qwen3=Qwen3Config(**small, head_dim=16, use_sliding_window=True, sliding_window=8, max_window_layers=1)).items():
    model = AutoModelForCausalLM.from_config(config).bfloat16()
    model.save_pretrained(f"{sys.argv[1]}/{name}", max_shard_size="12KB")
    read = transformers.AutoConfig.from_pretrained(f"{sys.argv[1]}/{name}")
    tied = {"lm_head.weight"} if config.tie_word_embeddings else set()
    orders[name] = dict(names=[n for n in model.state_dict() if n not in tied], config=read.to_dict())
print(json.dumps(orders))
`;

Deno.test(`openModel() opens what transformers saves, and shards() splits it the same${live}`, { ignore }, async () => {
  const root = await Deno.makeTempDir();
  try {
    const saved = JSON.parse(await runPeer(python!, SAVE, root));
    for (const [family, { names, config: theirs }] of Object.entries<{ names: string[]; config: any }>(saved)) {
      const folder = `${root}/${family}`;
      const { tensors, config, generation, notes } = await openModel(folder);
      assert.deepEqual([...tensors.keys()].sort(), [...names].sort());

      const { files, index } = shards(names.map((name) => [name, tensors.get(name)!]), 12_000);
      assert(files.length > 3);
      assert.equal(index, await Deno.readTextFile(`${folder}/model.safetensors.index.json`));
      for (const { name, tensors: inFile } of files) {
        for (const tensor of inFile) assert.equal(tensors.get(tensor)!.file, `${folder}/${name}`);
      }

      assert.equal(config.modelType, family);
      assert.equal(config.headDim, theirs.head_dim ?? 8);
      assert.equal(config.dtype, "bfloat16");
      assert.equal(config.ropeTheta, theirs.rope_parameters.rope_theta);
      assert.equal(config.ropeScaling?.type ?? "default", theirs.rope_parameters.rope_type);
      assert.equal(config.slidingWindow, theirs.sliding_window ?? null);
      if (theirs.layer_types) assert.deepEqual(config.layerTypes, theirs.layer_types);
      assert.equal(config.tieWordEmbeddings, theirs.tie_word_embeddings);
      assert.deepEqual(notes, [], "every key that transformers writes is known");
      assert(generation?.transformers_version);
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
