import { crafted } from "../support/safetensors_cases.ts";
import type { Case } from "./case.ts";

const WEIGHTS = "nano/model.safetensors";

/** A safetensors file with one tensor of four bytes, whose entry is this text. */
const one = (entry: string) => crafted(`{"a":${entry}}`, 4);

/** Weights that are not what they should be. */
export const WEIGHTS_CASES: Case[] = [
  {
    name: "weights only as a pickle",
    spoil: (p) => {
      p.write("nano/pytorch_model.bin", p.read(WEIGHTS));
      p.remove(WEIGHTS);
    },
    code: 2,
    says:
      'Cannot load "nano": its weights are in "pytorch_model.bin", which is a pickle and could run code when read; convert it once, where Python is available: python -c "from transformers import AutoModelForCausalLM as M; M.from_pretrained(\'OLD\').save_pretrained(\'NEW\')"',
  },
  {
    name: "weights only as GGUF",
    spoil: (p) => {
      p.write("nano/model.gguf", "GGUF");
      p.remove(WEIGHTS);
    },
    code: 2,
    says:
      'Cannot load "nano": its weights are in "model.gguf", which is quantised for llama.cpp; give the model folder it was made from',
  },
  {
    name: "no weights at all",
    spoil: (p) => p.remove(WEIGHTS),
    code: 2,
    says: 'Cannot load "nano": it has no model.safetensors; check that it was copied completely',
  },
  {
    name: "a Git LFS pointer for weights",
    spoil: (p) => p.write(WEIGHTS, "version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
    code: 2,
    says:
      'Cannot load "nano/model.safetensors": it is a Git LFS pointer, not the weights; run "git lfs pull" in its folder',
  },
  {
    name: "weights cut short",
    spoil: (p) => p.cut(WEIGHTS, 50_000),
    code: 2,
    says:
      'Cannot load "nano/model.safetensors": it is cut short (47864 of 164480 bytes of tensors); fetch it again, the copy is incomplete',
  },
  {
    name: "an empty weights file",
    spoil: (p) => p.write(WEIGHTS, ""),
    code: 2,
    says:
      'Cannot load "nano/model.safetensors": it has 0 bytes, but a safetensors file has at least 8; fetch it again, the copy is incomplete',
  },
  {
    name: "weights of zeros",
    spoil: (p) => p.write(WEIGHTS, new Uint8Array(100_000)),
    code: 2,
    says:
      'Cannot load "nano/model.safetensors": its header is not JSON (line 1, column 1: it ends too early); fetch it or save it again',
  },
  {
    name: "a header longer than its file",
    spoil: (p) => p.write(WEIGHTS, crafted("{}", 0, 2n ** 40n)),
    code: 2,
    says:
      'Cannot load "nano/model.safetensors": its header would have 1099511627776 bytes, but at most 100000000 are read; check that it is a safetensors file',
  },
  {
    name: "a header of 2^63 bytes",
    spoil: (p) => p.write(WEIGHTS, crafted("{}", 0, 2n ** 63n)),
    code: 2,
    says:
      'Cannot load "nano/model.safetensors": its header would have 9223372036854775808 bytes, but at most 100000000 are read; check that it is a safetensors file',
  },
  {
    name: "a negative offset",
    spoil: (p) => p.write(WEIGHTS, one('{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}')),
    code: 2,
    says:
      'Cannot load "nano/model.safetensors": its tensor "a" has no data_offsets of two whole numbers from 0 to 2^64 - 1; fetch it or save it again',
  },
  {
    name: "an offset beyond the file",
    spoil: (p) =>
      p.write(WEIGHTS, one('{"dtype":"F32","shape":[1],"data_offsets":[9007199254740988,9007199254740992]}')),
    code: 2,
    says:
      'Cannot load "nano/model.safetensors": its tensor "a" ends at 9007199254740992, beyond any file; fetch it or save it again',
  },
  {
    name: "a shape beyond 64 bits",
    spoil: (p) => p.write(WEIGHTS, one('{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}')),
    code: 2,
    says:
      'Cannot load "nano/model.safetensors": its tensor "a" has more elements than 64 bits can count; fetch it or save it again',
  },
  {
    name: "a tensor twice",
    spoil: (p) => {
      const e = '{"dtype":"F32","shape":[1],"data_offsets":[0,4]}';
      p.write(WEIGHTS, crafted(`{"a":${e},"a":${e}}`, 4));
    },
    code: 2,
    says:
      'Cannot load "nano/model.safetensors": its header is not JSON (line 1, column 58: the key "a" appears twice); fetch it or save it again',
  },
  {
    name: "a header nested 100,000 levels deep",
    spoil: (p) => p.write(WEIGHTS, crafted(`{"a":${"[".repeat(1e5)}`)),
    code: 2,
    says:
      'Cannot load "nano/model.safetensors": its header is not JSON (line 1, column 69: it is nested more than 64 deep); fetch it or save it again',
  },
  {
    name: "a type of number that ftx does not compute with",
    spoil: (p) =>
      p.tensors(
        WEIGHTS,
        (t) => t.set("model.norm.weight", { dtype: "F8_E4M3", shape: [32], data: new Uint8Array(32) }),
      ),
    code: 2,
    says:
      'Cannot load "nano/model.safetensors": tensor "model.norm.weight" is F8_E4M3, which ftx does not compute with; convert it to bf16',
  },
  {
    name: "a missing tensor",
    spoil: (p) => p.tensors(WEIGHTS, (t) => t.delete("model.norm.weight")),
    code: 2,
    says: 'Cannot load "nano": tensor model.norm.weight is missing; check that config.json and weights belong together',
  },
  {
    name: "a surplus tensor",
    spoil: (p) => p.tensors(WEIGHTS, (t) => t.set("model.extra.weight", t.get("model.norm.weight")!)),
    code: 2,
    says:
      'Cannot load "nano": tensor model.extra.weight is not part of the model; check that config.json and weights belong together',
  },
  {
    name: "a tensor of another shape",
    spoil: (p) =>
      p.tensors(WEIGHTS, (t) => t.set("model.norm.weight", { dtype: "F32", shape: [16], data: new Uint8Array(64) })),
    code: 2,
    says:
      'Cannot load "nano/model.safetensors": its "model.norm.weight" is [16], but the model needs [32]; check that they belong together',
  },
  {
    name: "a shard that is missing",
    spoil: (p) => {
      p.write("nano/model-00001-of-00002.safetensors", p.read(WEIGHTS));
      p.write(
        "nano/model.safetensors.index.json",
        JSON.stringify({
          weight_map: {
            "model.norm.weight": "model-00001-of-00002.safetensors",
            "lm_head.weight": "model-00002-of-00002.safetensors",
          },
        }),
      );
      p.remove(WEIGHTS);
    },
    code: 2,
    says:
      'Cannot load "nano/model.safetensors.index.json": its shard "model-00002-of-00002.safetensors" is missing; fetch "model-00002-of-00002.safetensors" again',
  },
  {
    name: "a shard outside the model's folder",
    spoil: (p) => {
      p.write(
        "nano/model.safetensors.index.json",
        JSON.stringify({ weight_map: { a: "../done/adapter_model.safetensors" } }),
      );
      p.remove(WEIGHTS);
    },
    code: 2,
    says:
      'Cannot load "nano/model.safetensors.index.json": its shard "../done/adapter_model.safetensors" is not the bare name of a .safetensors file; fetch the model again',
  },
  {
    name: "shards without their index",
    spoil: (p) => {
      p.write("nano/model-00001-of-00002.safetensors", p.read(WEIGHTS));
      p.remove(WEIGHTS);
    },
    code: 2,
    says: 'Cannot load "nano": it has shards, but no model.safetensors.index.json; fetch that file too',
  },
];
