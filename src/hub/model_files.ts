import { CheckpointError } from "../errors.ts";
import { TOKENIZER_FILES } from "../tokenizer/files.ts";
import { badName, shown } from "./file_name.ts";
import type { Choose } from "./snapshot.ts";

/** The files next to the weights that are read: never code, never pickles. */
const BESIDE = ["config.json", "generation_config.json", ...TOKENIZER_FILES];

/** Chooses the files of a model: configurations, tokenizer and, with `weights`, its safetensors. `name` is for errors. */
export function chooseModelFiles(name: string, { weights = true } = {}): Choose {
  return async (files, read) => {
    const paths = files.map(({ path }) => path);
    if (!paths.includes("config.json") && paths.includes("adapter_config.json")) {
      throw wrong(name, "it is a PEFT adapter, not a model; give its base as --model and this as --adapter");
    }
    if (!paths.includes("config.json")) {
      throw wrong(name, "it has no config.json; use a repository that transformers saved");
    }
    const beside = paths.filter((path) => BESIDE.includes(path));
    if (weights) return [...beside, ...await weightsOf(name, paths, read, "model")];
    if (!hasWeights(paths, "model")) throw noWeights(name, paths, "model"); // as a run would say
    return beside;
  };
}

/**
 * Chooses the files of an adapter as PEFT saves it, in the folder `below` of the repository: its configuration, the tokenizer
 * that it was trained with and, with `weights`, its safetensors.
 */
export function chooseAdapterFiles(name: string, below?: string, { weights = true } = {}): Choose {
  const prefix = below ? `${below.replace(/\/+$/, "")}/` : "";
  return async (files, read) => {
    const paths = files.map(({ path }) => path).filter((path) => path.startsWith(prefix))
      .map((path) => path.slice(prefix.length));
    if (!paths.includes("adapter_config.json")) {
      throw wrong(name, `it has no ${prefix}adapter_config.json; give an adapter as PEFT saves it`);
    }
    const within = (path: string) => read(prefix + path);
    const beside = ["adapter_config.json", ...paths.filter((path) => BESIDE.includes(path))];
    const all = weights ? [...beside, ...await weightsOf(name, paths, within, "adapter_model")] : beside;
    return all.map((path) => prefix + path);
  };
}

const hasWeights = (paths: string[], stem: string) =>
  [`${stem}.safetensors`, `${stem}.safetensors.index.json`].some((path) => paths.includes(path));

/** `STEM.safetensors`, or else its index and the shards that this lists. */
async function weightsOf(name: string, paths: string[], read: (path: string) => Promise<string>, stem: string) {
  const single = `${stem}.safetensors`, index = `${single}.index.json`;
  if (paths.includes(single)) return [single];
  if (!paths.includes(index)) throw noWeights(name, paths, stem);
  const shards = shardsOf(name, index, await read(index));
  const absent = shards.find((shard) => !paths.includes(shard));
  if (absent !== undefined) {
    throw wrong(name, `its ${index} lists "${shown(absent)}", which is missing; choose another revision`);
  }
  return [index, ...shards];
}

function shardsOf(name: string, index: string, text: string): string[] {
  let map: unknown;
  try {
    map = JSON.parse(text)?.weight_map;
  } catch {
    map = undefined;
  }
  const shards = typeof map === "object" && map !== null ? [...new Set(Object.values(map))] : [];
  if (shards.length === 0) throw wrong(name, `its ${index} lists no files; choose another revision`);
  const bad = shards.find((shard) => typeof shard !== "string" || badName(shard) !== undefined || shard.includes("/"));
  if (bad !== undefined) {
    throw wrong(
      name,
      `its ${index} lists "${shown(String(bad))}", which is not a file next to it; do not use this repository`,
    );
  }
  return shards as string[];
}

function noWeights(name: string, paths: string[], stem: string): CheckpointError {
  const pickle = paths.find((path) =>
    /^(pytorch_model|adapter_model|model|consolidated)\b.*\.(bin|pt|pth|ckpt)$/.test(path)
  );
  if (pickle !== undefined) {
    return wrong(
      name,
      `its weights are only in "${pickle}", a pickle, which could run code when it is loaded; use a repository or ` +
        "revision with safetensors",
    );
  }
  const gguf = paths.find((path) => path.endsWith(".gguf"));
  if (gguf !== undefined) {
    return wrong(
      name,
      `its weights are only in "${gguf}", quantised for llama.cpp; use the repository it was made from`,
    );
  }
  return wrong(name, `it has no ${stem}.safetensors; check its name`);
}

function wrong(name: string, why: string): CheckpointError {
  return new CheckpointError(`Cannot use "${name}" from the hub: ${why}`);
}
