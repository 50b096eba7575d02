import { RecipeError } from "../errors.ts";
import type { CausalLm } from "../models/mod.ts";
import { freeze } from "./attach.ts";
import type { MethodSettings } from "./settings.ts";

/** The settings of `finetuning_type: freeze`. */
export type FreezeSettings = Pick<
  MethodSettings,
  "freezeTrainableLayers" | "freezeTrainableModules" | "freezeExtraModules"
>;

/** Makes every parameter train. */
export function trainAll(model: CausalLm) {
  for (const [, p] of model.parameters()) p.requiresGrad();
}

/** Makes only the chosen modules of the chosen blocks train, like LLaMA-Factory's freeze. */
export function trainSome(model: CausalLm, settings: FreezeSettings) {
  const parameters = new Map(model.parameters());
  const chosen = chosenToTrain(parameters.keys(), model.blocks.length, settings);
  freeze(model);
  for (const path of chosen) parameters.get(path)!.requiresGrad();
}

/**
 * The parameters that LLaMA-Factory's freeze trains: those of the chosen modules in the chosen blocks, and those of the
 * chosen modules outside all blocks. A name may stand at any depth: `mlp`, `q_proj`.
 *
 * @param parameters names of all parameters of a model that has `blocks` blocks
 * @throws {RecipeError} The model has fewer blocks, or no parameter has one of the names.
 */
export function chosenToTrain(parameters: Iterable<string>, blocks: number, settings: FreezeSettings): Set<string> {
  const { freezeTrainableLayers: n, freezeTrainableModules: inside, freezeExtraModules: outside } = settings;
  if (Math.abs(n) > blocks || (n === 0 && outside.length === 0)) {
    throw new RecipeError(
      `Cannot use freeze_trainable_layers = ${n}: the model has ${blocks} blocks; choose 1 to ${blocks}, or -1 to -${blocks} for the first ones`,
    );
  }
  const isChosen = (block: number) => n > 0 ? block >= blocks - n : block < -n;
  const unused = new Set([...inside.filter((m) => m !== "all"), ...outside]);
  const within = (path: string, name: string) => `.${path}.`.includes(`.${name}.`);
  const all = [...parameters], chosen = new Set<string>();
  for (const path of all) {
    const block = path.match(/^model\.layers\.(\d+)\.(.*)$/);
    const names = block ? inside : outside, rest = block?.[2] ?? path;
    const named = names.filter((m) => within(rest, m));
    named.forEach((m) => unused.delete(m));
    if (block && !isChosen(Number(block[1]))) continue;
    if (named.length || (block && inside.includes("all"))) chosen.add(path);
  }
  for (const [key, names] of [["freeze_trainable_modules", inside], ["freeze_extra_modules", outside]] as const) {
    const unknown = names.filter((name) => unused.has(name));
    if (unknown.length === 0) continue;
    const modules = all.map((path) => path.replace(/\.[^.]*$/, ""));
    throw new RecipeError(
      `Cannot use ${key} = "${unknown.join(",")}": no parameter has that name; inside a block there are ${
        partsOf(modules, true)
      }, outside ${partsOf(modules, false)}`,
    );
  }
  return chosen;
}

/** The last parts of the paths of modules and of their parents, each once. `inside`: only in blocks, or only outside them. */
export function partsOf(modules: Iterable<string>, inside?: boolean): string {
  const around = (path: string) => path.split(".").map((_, i, parts) => parts.slice(0, i + 1).join("."));
  const paths = [...new Set([...modules].flatMap(around))]
    .filter((path) => path !== "model.layers") // a list, not a module
    .filter((path) => inside === undefined || path.startsWith("model.layers.") === inside);
  return [...new Set(paths.map((path) => path.split(".").at(-1)!))].filter((name) => !/^\d+$/.test(name)).join(", ");
}
