import type { Case } from "./case.ts";
import { SFT } from "./place.ts";

const WEIGHTS = "nano/model.safetensors";
const CONFIG = "nano/config.json";

/** Model folders that are not what they should be. */
export const MODEL_CASES: Case[] = [
  {
    name: "a model that is not there",
    run: `${SFT} --model nowhere`,
    code: 2,
    says:
      'Cannot load "nowhere": there is no such folder, and no model has this short name; give a folder, org/name, or a name that ftx models search lists',
  },
  {
    name: "a model of the hub, offline",
    run: `${SFT} --model meta-llama/Llama-3.2-1B --cache-dir cache`,
    code: 7,
    says:
      'Cannot download "meta-llama/Llama-3.2-1B": there is no such folder, and the cache "cache" does not have it; unset HF_HUB_OFFLINE to download it',
  },
  {
    name: "a slip of the pen in a short name",
    run: `${SFT} --model lama-2-7b`,
    code: 2,
    says:
      'Cannot load "lama-2-7b": there is no such folder, and no model has this short name; did you mean "llama-2-7b"?',
  },
  {
    name: "a path that leads nowhere",
    run: `${SFT} --model ./models/nano`,
    code: 2,
    says: 'Cannot load "./models/nano": there is no such folder; check the path',
  },
  {
    name: "a revision of a folder",
    run: `${SFT} --model nano --model-revision v2`,
    code: 2,
    says: 'Cannot use model_revision = "v2" with "nano": a folder has no revisions; leave it out',
  },
  {
    name: "a file for a model",
    run: `${SFT} --model nano/model.safetensors`,
    code: 2,
    says: 'Cannot load "nano/model.safetensors": it is a single file; give the folder that contains it',
  },
  {
    name: "a model folder without config.json",
    spoil: (p) => p.remove(CONFIG),
    code: 2,
    says: 'Cannot load "nano": it has no config.json; give a model folder as transformers saves it',
  },
  {
    name: "an adapter for a model",
    run: `${SFT} --model done`,
    code: 2,
    says:
      'Cannot load "done": it is a PEFT adapter, not a model; give its base as --model and this folder as --adapter',
  },
  {
    name: "a config.json that is not JSON",
    spoil: (p) => p.cut(CONFIG, 90),
    code: 2,
    says:
      'Cannot read "nano/config.json": it is not JSON (line 1, column 91: it ends too early); correct it or fetch it again',
  },
  {
    name: "a config.json that is a list",
    spoil: (p) => p.write(CONFIG, "[]"),
    code: 2,
    says: 'Cannot read "nano/config.json": it is not a JSON object; correct it or fetch it again',
  },
  {
    name: "a config.json that is nested 100,000 levels deep",
    spoil: (p) => p.write(CONFIG, "[".repeat(1e5)),
    code: 2,
    says:
      'Cannot read "nano/config.json": it is not JSON (line 1, column 65: it is nested more than 64 deep); correct it or fetch it again',
  },
  {
    name: "a config.json without hidden_size",
    spoil: (p) => p.edit(CONFIG, (c) => delete c.hidden_size),
    code: 2,
    says:
      'Cannot load "nano": config.json says vocab_size = 352 and hidden_size = 4096 (by default), but its "model.embed_tokens.weight" is [352,32]; correct config.json or fetch the model again',
  },
  {
    name: "a config.json without architectures",
    spoil: (p) =>
      p.edit(CONFIG, (c) => {
        delete c.architectures;
        delete c.model_type;
      }),
    code: 2,
    says:
      'Cannot use "nano/config.json": architectures is missing, so the kind of model is unknown; correct the key or fetch the model again',
  },
  {
    name: "an architecture that ftx does not know",
    spoil: (p) =>
      p.edit(CONFIG, (c) => {
        c.architectures = ["MambaForCausalLM"];
        c.model_type = "mamba";
      }),
    code: 2,
    says:
      'Cannot use "nano/config.json": architectures = ["MambaForCausalLM"] is not one that ftx computes; choose a model of these: LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM',
  },
  {
    name: "heads that do not divide the hidden size",
    spoil: (p) => p.edit(CONFIG, (c) => c.num_attention_heads = 5),
    code: 2,
    says:
      'Cannot use "nano/config.json": num_key_value_heads = 2 must divide num_attention_heads = 5; correct the key or fetch the model again',
  },
  {
    name: "a number that is a text",
    spoil: (p) => p.edit(CONFIG, (c) => c.num_hidden_layers = "two"),
    code: 2,
    says:
      'Cannot use "nano/config.json": num_hidden_layers = "two" must be a whole number from 1 to 2147483647; correct the key or fetch the model again',
  },
  {
    name: "a negative number of layers",
    spoil: (p) => p.edit(CONFIG, (c) => c.num_hidden_layers = -2),
    code: 2,
    says:
      'Cannot use "nano/config.json": num_hidden_layers = -2 must be a whole number from 1 to 2147483647; correct the key or fetch the model again',
  },
  {
    name: "a quantised model",
    spoil: (p) => p.edit(CONFIG, (c) => c.quantization_config = { quant_method: "gptq" }),
    code: 2,
    says:
      'Cannot use "nano/config.json": quantization_config = {"quant_method":"gptq"} says the weights are quantised (gptq), which ftx does not read yet; give the model that it was made from',
  },
  {
    name: "sizes beyond any memory",
    run: `${SFT} --full --train-from-scratch`,
    spoil: (p) =>
      p.edit(CONFIG, (c) => {
        c.intermediate_size = 2 ** 30;
      }),
    code: 3,
    says:
      'Cannot train "nano": weights and optimizer alone take 2304.0 GiB on cpu, where {n} are free; choose a smaller model, or force = true to try all the same',
  },
  {
    name: "sizes beyond any memory, and force",
    run: `${SFT} --full --train-from-scratch --force`,
    spoil: (p) =>
      p.edit(CONFIG, (c) => {
        c.intermediate_size = 2 ** 30;
      }),
    code: 3,
    says:
      'Cannot load "nano": the memory of cpu cannot hold its weights in f32 ({n} are free); end other programs, choose a smaller model, or set dtype = bf16',
  },
  {
    name: "fewer rows in the embedding than tokens",
    spoil: async (p) => {
      p.edit(CONFIG, (c) => c.vocab_size = 300);
      await p.tensors(WEIGHTS, (t) => {
        for (const [n, x] of t) {
          if (/embed_tokens|lm_head/.test(n)) {
            t.set(n, { ...x, shape: [300, 32], data: x.data.subarray(0, 300 * 32 * 4) });
          }
        }
      });
    },
    code: 2,
    says:
      'Cannot train "nano" on this data: its tokenizer writes "<|im_end|>" as 334, but its embedding has 300 rows; give the tokenizer that belongs to the model, or set resize_vocab = true',
  },
];
