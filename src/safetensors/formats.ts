import { CheckpointError } from "../errors.ts";

const PICKLED = /\.(bin|pt|pth|ckpt|pkl)$/;
const QUANTISED = /\.(gguf|ggml)$/;
const FOREIGN = /\.(h5|msgpack|onnx)$/;

/** @throws {CheckpointError} `folder` does not exist, cannot be examined or is a file. */
export async function checkFolder(folder: string): Promise<void> {
  const info = await Deno.stat(folder).catch((error) => {
    throw wrong(
      folder,
      error instanceof Deno.errors.NotFound
        ? "there is no such folder; check the path"
        : `${error.message}; check its permissions`,
    );
  });
  if (info.isFile) throw wrong(folder, `it ${problemOf(folder, "model") ?? "is a file; give the model's folder"}`);
}

/**
 * Refuses a folder whose weights are in an unsupported format, and says what to do. A folder with `<stem>.safetensors` or
 * its index passes, whatever else it holds.
 */
export async function refuseOtherFormats(folder: string, stem = "model"): Promise<void> {
  await checkFolder(folder);
  const names = (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
  if (names.includes(`${stem}.safetensors`) || names.includes(`${stem}.safetensors.index.json`)) return;
  if (names.some((name) => name.startsWith(`${stem}-00`) && name.endsWith(".safetensors"))) {
    throw wrong(folder, `it has shards, but no ${stem}.safetensors.index.json; fetch that file too`);
  }
  // Small pickles (training_args.bin, optimizer.pt) accompany every checkpoint and are not weights.
  const weights =
    names.find((name) => PICKLED.test(name) && /^(pytorch_|adapter_|flax_)?(model|consolidated)\b/.test(name)) ??
      names.find((name) => QUANTISED.test(name) || FOREIGN.test(name));
  if (weights) throw wrong(folder, `its weights are in "${weights}", which ${problemOf(weights, stem)}`);
}

const wrong = (folder: string, what: string) => new CheckpointError(`Cannot load "${folder}": ${what}`);

/** Why a weights file of that name is refused, and what to do; undefined for other files. */
function problemOf(name: string, stem: string): string | undefined {
  if (PICKLED.test(name)) return `is a pickle and could run code when read; ${convert(stem)}`;
  if (QUANTISED.test(name)) return "is quantised for llama.cpp; give the model folder it was made from";
  if (FOREIGN.test(name)) return `is not in a PyTorch format; ${convert(stem)}`;
  if (name.endsWith(".safetensors")) return "is a single file; give the folder that contains it";
}

function convert(stem: string): string {
  const python = stem === "model"
    ? "from transformers import AutoModelForCausalLM as M; M.from_pretrained('OLD').save_pretrained('NEW')"
    : "import torch, safetensors.torch as s; " +
      `s.save_file(torch.load('${stem}.bin', weights_only=True), '${stem}.safetensors', {'format': 'pt'})`;
  return `convert it once, where Python is available: python -c "${python}"`;
}
