import { RecipeError } from "../errors.ts";

/** The settings of `finetuning_type: freeze`. */
export interface FreezeSettings {
  /** Blocks that train: the last n, or the first n if negative; 0: none, only modules outside them. */
  freezeTrainableLayers: number;
  /** Names of modules inside those blocks, or "all". */
  freezeTrainableModules: readonly string[];
  /** Names of modules outside the blocks. */
  freezeExtraModules: readonly string[];
}

/**
 * The parameters that LLaMA-Factory's freeze trains: the chosen modules of the chosen blocks, and those outside them.
 * Names may be of any depth: `mlp`, `q_proj`.
 *
 * @param parameters names of all parameters of a model of `blocks` blocks
 * @throws {RecipeError} There are fewer blocks, or a name names nothing.
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

/**
 * The modules that `names` mean (`additional_target`, PEFT's modules_to_save), of all `modules` of a model.
 *
 * @param tied the head is the embedding
 * @throws {RecipeError} A name names nothing.
 */
export function modulesNamed(names: readonly string[], modules: Iterable<string>, tied: boolean): string[] {
  const paths = [...modules], found = new Set<string>();
  for (const name of names) {
    const matches = paths.filter((path) => path === name || path.endsWith(`.${name}`));
    if (matches.length === 0) {
      throw new RecipeError(
        `Cannot use additional_target = "${name}": ${
          tied && name === "lm_head"
            ? "the head is the embedding; name embed_tokens instead"
            : `no module has that name; there are ${partsOf(paths)}`
        }`,
      );
    }
    matches.forEach((path) => found.add(path));
  }
  return [...found];
}

/** The last names of modules, each once, with those of the modules around them: inside the blocks or outside. */
function partsOf(modules: Iterable<string>, inside?: boolean): string {
  const around = (path: string) => path.split(".").map((_, i, parts) => parts.slice(0, i + 1).join("."));
  const paths = [...new Set([...modules].flatMap(around))]
    .filter((path) => path !== "model.layers") // a list, not a module
    .filter((path) => inside === undefined || path.startsWith("model.layers.") === inside);
  return [...new Set(paths.map((path) => path.split(".").at(-1)!))].filter((name) => !/^\d+$/.test(name)).join(", ");
}
