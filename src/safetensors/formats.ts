import { CheckpointError } from "../errors.ts";

const PICKLED = /\.(bin|pt|pth|ckpt|pkl)$/;
const QUANTISED = /\.(gguf|ggml)$/;
const FOREIGN = /\.(h5|msgpack|onnx)$/;

/** @throws {CheckpointError} `folder` is not there, or a file. */
export async function checkFolder(folder: string): Promise<void> {
  const info = await Deno.stat(folder).catch((error) => {
    throw wrong(
      folder,
      error instanceof Deno.errors.NotFound
        ? "there is no such folder; check the path"
        : `${error.message}; check its permissions`,
    );
  });
  if (info.isFile) throw wrong(folder, sentenceOf(folder, "model") ?? "it is a file; give the model's folder");
}

/**
 * Refuses a folder whose weights are in a format that is not read, with the remedy. One that holds `<stem>.safetensors`
 * or its index passes, whatever lies beside it.
 */
export async function refuseOtherFormats(folder: string, stem = "model"): Promise<void> {
  await checkFolder(folder);
  const names = (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
  if (names.includes(`${stem}.safetensors`) || names.includes(`${stem}.safetensors.index.json`)) return;
  if (names.some((name) => name.startsWith(`${stem}-00`) && name.endsWith(".safetensors"))) {
    throw wrong(folder, `it has shards, but no ${stem}.safetensors.index.json; fetch that file too`);
  }
  // Small pickles (training_args.bin, optimizer.pt) lie beside every checkpoint and are no weights.
  const weights =
    names.find((name) => PICKLED.test(name) && /^(pytorch_|adapter_|flax_)?(model|consolidated)\b/.test(name)) ??
      names.find((name) => QUANTISED.test(name) || FOREIGN.test(name));
  if (weights) throw wrong(folder, `its weights are in "${weights}", and ${sentenceOf(weights, stem)}`);
}

const wrong = (folder: string, what: string) => new CheckpointError(`Cannot load "${folder}": ${what}`);

/** What a weights file of that name is, and what to do instead; undefined for other files. */
function sentenceOf(name: string, stem: string): string | undefined {
  if (PICKLED.test(name)) return `a pickle could run code when it is read; ${convert(stem)}`;
  if (QUANTISED.test(name)) return "that is quantised for llama.cpp; give the folder it was made from";
  if (FOREIGN.test(name)) return `that is not PyTorch's; ${convert(stem)}`;
  if (name.endsWith(".safetensors")) return "it is a single file; give the folder it lies in";
}

function convert(stem: string): string {
  const python = stem === "model"
    ? "from transformers import AutoModelForCausalLM as M; M.from_pretrained('OLD').save_pretrained('NEW')"
    : "import torch, safetensors.torch as s; " +
      `s.save_file(torch.load('${stem}.bin', weights_only=True), '${stem}.safetensors', {'format': 'pt'})`;
  return `convert it once, where Python is at hand: python -c "${python}"`;
}
