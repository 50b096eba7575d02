import type { Case } from "./case.ts";
import { SFT } from "./place.ts";

const CONFIG = "done/adapter_config.json";
const WEIGHTS = "done/adapter_model.safetensors";
const ON = `${SFT} --adapter done`;

/** Adapters that cannot be loaded. */
export const ADAPTER_CASES: Case[] = [
  {
    name: "an adapter that is not there",
    run: `${SFT} --adapter nowhere`,
    code: 2,
    says:
      'Cannot load "nowhere": there is no such folder; give an adapter\'s folder as PEFT saves it, or org/name at the hub',
  },
  {
    name: "a model for an adapter",
    run: `${SFT} --adapter nano`,
    code: 2,
    says: 'Cannot load "nano": it has no adapter_config.json; give an adapter\'s folder as PEFT saves it',
  },
  {
    name: "an adapter_config.json that is not JSON",
    run: ON,
    spoil: (p) => p.cut(CONFIG, 20),
    code: 2,
    says:
      'Cannot read "done/adapter_config.json": it is not JSON (line 2, column 19: a string does not end); correct it or fetch it again',
  },
  {
    name: "a DoRA adapter",
    run: ON,
    spoil: (p) => p.edit(CONFIG, (c) => c.use_dora = true),
    code: 2,
    says:
      'Cannot use "done/adapter_config.json": use_dora = true asks for DoRA, which ftx does not have yet; correct the key or use another adapter',
  },
  {
    name: "an adapter that is not LoRA",
    run: ON,
    spoil: (p) => p.edit(CONFIG, (c) => c.peft_type = "PREFIX_TUNING"),
    code: 2,
    says:
      'Cannot use "done/adapter_config.json": peft_type = "PREFIX_TUNING" is not an adapter that ftx computes yet (only LORA); correct the key or use another adapter',
  },
  {
    name: "an adapter of rank 0",
    run: ON,
    spoil: (p) => p.edit(CONFIG, (c) => c.r = 0),
    code: 2,
    says:
      'Cannot use "done/adapter_config.json": r = 0 must be a whole number from 1 to 2147483647; correct the key or use another adapter',
  },
  {
    name: "an adapter without weights",
    run: ON,
    spoil: (p) => p.remove(WEIGHTS),
    code: 2,
    says: 'Cannot load "done": it has no adapter_model.safetensors; check that it was copied completely',
  },
  {
    name: "adapter weights cut short",
    run: ON,
    spoil: (p) => p.cut(WEIGHTS, 1_000),
    code: 2,
    says:
      'Cannot load "done/adapter_model.safetensors": its header of 3472 bytes does not fit its 1000 bytes; fetch it again, the copy is incomplete',
  },
  {
    name: "an adapter of a model with more layers",
    run: ON,
    spoil: (p) =>
      p.tensors(WEIGHTS, (t) => {
        for (const half of ["A", "B"]) {
          const key = `base_model.model.model.layers.0.mlp.up_proj.lora_${half}.weight`;
          t.set(key.replace("layers.0", "layers.2"), t.get(key)!);
        }
      }),
    code: 2,
    says:
      'Cannot load "done": 2 tensors are not of this model (base_model.model.model.layers.2.mlp.up_proj.lora_A.weight, base_model.model.model.layers.2.mlp.up_proj.lora_B.weight); check that the adapter was made for this model',
  },
  {
    name: "an adapter of a model with fewer layers",
    run: ON,
    spoil: (p) =>
      p.tensors(WEIGHTS, (t) => {
        for (const key of t.keys()) if (key.includes("layers.1")) t.delete(key);
      }),
    code: 2,
    says:
      'Cannot load "done": 14 tensors are missing (base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight, base_model.model.model.layers.1.self_attn.q_proj.lora_B.weight, base_model.model.model.layers.1.self_attn.k_proj.lora_A.weight, …); check that the adapter was made for this model',
  },
  {
    name: "an adapter of a wider model",
    run: ON,
    spoil: (p) =>
      p.tensors(WEIGHTS, (t) => {
        const key = "base_model.model.model.layers.0.mlp.up_proj.lora_A.weight";
        t.set(key, { dtype: "F32", shape: [8, 64], data: new Uint8Array(8 * 64 * 4) });
      }),
    code: 2,
    says:
      'Cannot load "done/adapter_model.safetensors": its "base_model.model.model.layers.0.mlp.up_proj.lora_A.weight" is [8,64], but the model needs [8,32]; check that they belong together',
  },
  {
    name: "an adapter for modules that the model has not",
    run: ON,
    spoil: (p) => p.edit(CONFIG, (c) => c.target_modules = ["query_key_value"]),
    code: 2,
    says:
      'Cannot use target_modules: no module of the model matches ["query_key_value"]; choose from down_proj, gate_proj, k_proj, o_proj, q_proj, up_proj, v_proj',
  },
  {
    name: "--lora-target with a name that the model has not",
    run: `${SFT} --lora-target q_porj`,
    code: 2,
    says:
      'Cannot use lora_target = "q_porj": the model has no such module; choose from all, down_proj, gate_proj, k_proj, o_proj, q_proj, up_proj, v_proj; did you mean "q_proj"?',
  },
  {
    name: "--lora-layers beyond the model's",
    run: `${SFT} --lora-layers 7`,
    code: 2,
    says: "Cannot use lora_layers = 7: the model's layers are 0 to 1; choose among them",
  },
  {
    name: "freezing more layers than there are",
    run: `${SFT} --freeze --freeze-trainable-layers 9`,
    code: 2,
    says:
      "Cannot use freeze_trainable_layers = 9: the model has 2 blocks; choose 1 to 2, or -1 to -2 for the first ones",
  },
];
