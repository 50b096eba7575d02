import { RecipeError } from "../errors.ts";
import type { CausalLm } from "../models/mod.ts";
import { freeze } from "./attach.ts";

/** The settings of `finetuning_type: freeze`. */
export interface FreezeSettings {
  /** Blocks that train: the last n, or the first n if negative; 0: none, only modules outside them. */
  freezeTrainableLayers: number;
  /** Names of modules inside those blocks, or "all". */
  freezeTrainableModules: readonly string[];
  /** Names of modules outside the blocks. */
  freezeExtraModules: readonly string[];
}

/** Lets everything train. */
export function trainAll(model: CausalLm) {
  for (const [, p] of model.parameters()) p.requiresGrad();
}

/** Lets the chosen modules of the chosen blocks train, as LLaMA-Factory's freeze. Names may be of any depth: `mlp`, `q_proj`. */
export function trainSome(model: CausalLm, settings: FreezeSettings) {
  const { freezeTrainableLayers: n, freezeTrainableModules: inside, freezeExtraModules: outside } = settings;
  const L = model.blocks.length;
  if (Math.abs(n) > L || (n === 0 && outside.length === 0)) {
    throw new RecipeError(
      `Cannot use freeze_trainable_layers = ${n}: the model has ${L} blocks; choose 1 to ${L}, or -1 to -${L} for the first ones`,
    );
  }
  freeze(model);
  const chosen = new Set(model.blocks.keys().filter((i) => n > 0 ? i >= L - n : i < -n));
  const unused = new Set([...inside.filter((m) => m !== "all"), ...outside]);
  const within = (path: string, name: string) => `.${path}.`.includes(`.${name}.`);
  for (const [path, p] of model.parameters()) {
    const block = path.match(/^model\.layers\.(\d+)\.(.*)$/);
    const names = block ? inside : outside, rest = block?.[2] ?? path;
    const named = names.filter((m) => within(rest, m));
    named.forEach((m) => unused.delete(m));
    if (block && !chosen.has(Number(block[1]))) continue;
    if (named.length || (block && inside.includes("all"))) p.requiresGrad();
  }
  for (const [key, names] of [["freeze_trainable_modules", inside], ["freeze_extra_modules", outside]] as const) {
    const unknown = names.filter((name) => unused.has(name));
    if (unknown.length === 0) continue;
    throw new RecipeError(
      `Cannot use ${key} = "${unknown.join(",")}": no parameter has that name; inside a block there are ${
        partsOf(model, true)
      }, outside ${partsOf(model, false)}`,
    );
  }
}

/** Lets whole modules train beside an adapter (`additional_target`, PEFT's modules_to_save); gives their paths. */
export function trainModules(model: CausalLm, names: readonly string[]): string[] {
  const paths = [...model.modules()].map(({ path }) => path);
  const found = new Set<string>();
  for (const name of names) {
    const matches = paths.filter((path) => path === name || path.endsWith(`.${name}`));
    if (matches.length === 0) {
      const tied = name === "lm_head" && model.config.tieWordEmbeddings;
      throw new RecipeError(
        `Cannot use additional_target = "${name}": ${
          tied
            ? "the head is the embedding; name embed_tokens instead"
            : `no module has that name; there are ${partsOf(model)}`
        }`,
      );
    }
    matches.forEach((path) => found.add(path));
  }
  for (const [path, p] of model.parameters()) {
    if ([...found].some((module) => path.startsWith(module + "."))) p.requiresGrad();
  }
  return [...found];
}

/** The last names of modules, each once: inside the blocks, outside, or all. */
function partsOf(model: CausalLm, inside?: boolean): string {
  const paths = [...model.modules()].map(({ path }) => path)
    .filter((path) => inside === undefined || path.startsWith("model.layers.") === inside);
  return [...new Set(paths.map((path) => path.split(".").at(-1)!))].filter((name) => !/^\d+$/.test(name)).join(", ");
}
