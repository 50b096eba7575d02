import assert from "node:assert/strict";
import { openAdapter } from "../../src/adapters/peft/folder.ts";
import { LORA_DEFAULTS } from "../../src/adapters/peft/config.ts";
import { loraConfigText } from "../../src/adapters/peft/config_text.ts";
import { writeSafetensors } from "../../src/safetensors/write.ts";
import { peerPython, runPeer } from "./peer.ts";

const python = peerPython("peft", "transformers", "torch");
const ignore = python === undefined;
const live = ignore ? " (skipped: no Python with peft; set FTX_PEERS)" : "";

const SAVE = `
import sys, json, torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM
small = dict(vocab_size=64, hidden_size=32, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2)
model = LlamaForCausalLM(LlamaConfig(**small))
model.save_pretrained(sys.argv[1] + "/base")
settings = dict(r=4, lora_alpha=6, lora_dropout=0.25, target_modules=["q_proj", "up_proj", "embed_tokens"],
    modules_to_save=["lm_head"], rank_pattern={"up_proj": 3, "q_proj": 5}, alpha_pattern={"0.mlp.up_proj": 9},
    use_rslora=True, init_lora_weights="gaussian", task_type="CAUSAL_LM")
tuned = get_peft_model(model, LoraConfig(**settings))
tuned.save_pretrained(sys.argv[1] + "/theirs")
`;

const LOAD = `
import sys, json, warnings, torch
from peft import PeftConfig, PeftModel
from transformers import AutoModelForCausalLM
from transformers.utils import logging
logging.disable_progress_bar()
base = AutoModelForCausalLM.from_pretrained(sys.argv[1] + "/base")
for kind in (UserWarning, RuntimeWarning): warnings.simplefilter("error", kind)
print(PeftConfig.from_pretrained(sys.argv[1] + "/theirs") == PeftConfig.from_pretrained(sys.argv[1] + "/ours"))
tuned = PeftModel.from_pretrained(base, sys.argv[1] + "/ours")
ours = torch.manual_seed(0) and tuned(torch.arange(9)[None]).logits
base = AutoModelForCausalLM.from_pretrained(sys.argv[1] + "/base")
theirs = PeftModel.from_pretrained(base, sys.argv[1] + "/theirs")(torch.arange(9)[None]).logits
print(torch.equal(ours, theirs))
`;

Deno.test(
  `openAdapter() reads PEFT's adapter, and PEFT loads without a warning what we write of it${live}`,
  { ignore },
  async () => {
    const root = await Deno.makeTempDir();
    try {
      await runPeer(python!, SAVE, root);
      const adapter = await openAdapter(`${root}/theirs`);
      assert.deepEqual(adapter.notes, []);
      assert.deepEqual(adapter.config, {
        ...LORA_DEFAULTS,
        r: 4,
        loraAlpha: 6,
        loraDropout: 0.25,
        targetModules: adapter.config.targetModules,
        modulesToSave: ["lm_head"],
        rankPattern: { q_proj: 5, up_proj: 3 },
        alphaPattern: { "0.mlp.up_proj": 9 },
        useRslora: true,
        initLoraWeights: "gaussian",
        baseModelNameOrPath: null, // a model that was made, not loaded, has no name
      });
      assert.deepEqual([...adapter.config.targetModules as string[]].sort(), ["embed_tokens", "q_proj", "up_proj"]);
      const ranks = adapter.tensors.flatMap(({ part, place }) =>
        part.kind === "A" ? [`${part.path} ${place.shape[0]}`] : []
      );
      assert.deepEqual(ranks.sort(), [
        "model.embed_tokens 4",
        "model.layers.0.mlp.up_proj 3",
        "model.layers.0.self_attn.q_proj 5",
        "model.layers.1.mlp.up_proj 3",
        "model.layers.1.self_attn.q_proj 5",
      ]);
      const whole = adapter.tensors.flatMap(({ part }) => part.kind === "parameter" ? [part.name] : []);
      assert.deepEqual(whole.sort(), ["lm_head.weight", "model.embed_tokens.weight"], "saved whole, and of the base");

      await Deno.mkdir(`${root}/ours`);
      const text = loraConfigText(adapter.config);
      await Deno.writeTextFile(`${root}/ours/adapter_config.json`, text);
      const theirs = JSON.parse(await Deno.readTextFile(`${root}/theirs/adapter_config.json`));
      assert.deepEqual(Object.keys(JSON.parse(text)), Object.keys(theirs), "the same keys in the same order");

      const bytes = await Deno.readFile(`${root}/theirs/adapter_model.safetensors`);
      const tensors = adapter.tensors.map(({ key, place: { dtype, shape, start, end } }) =>
        [key, { dtype, shape, data: bytes.subarray(start, end) }] as const
      );
      await writeSafetensors(`${root}/ours/adapter_model.safetensors`, tensors, { format: "pt" });
      assert.equal(await runPeer(python!, LOAD, root), "True\nTrue\n");
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  },
);
