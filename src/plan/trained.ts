import { chosenToTrain, modulesNamed } from "../adapters/chosen.ts";
import type { LoraConfig } from "../adapters/peft/config.ts";
import { type AdaptedModule, type Branch, matchTargets } from "../adapters/peft/targets.ts";
import type { Facts } from "./facts.ts";
import { parametersOf, type Sized } from "./parameters.ts";

/** The parameters of a run's model: which train, and where branches stand beside them. */
export interface Trained {
  parameters: readonly Sized[];
  /** Names of those that train; branches aside. */
  whole: ReadonlySet<string>;
  /** By the path of the layer that they stand beside. */
  branches: ReadonlyMap<string, Branch>;
}

/** What of the model trains, as src/prepare/trainee.ts chooses it. */
export function trainedOf({ config, settings, adapter }: Pick<Facts, "config" | "settings" | "adapter">): Trained {
  const parameters = parametersOf(config), names = parameters.map(([name]) => name);
  if (settings.finetuningType === "full") return { parameters, whole: new Set(names), branches: new Map() };
  if (settings.finetuningType === "freeze") {
    const whole = chosenToTrain(names, config.numHiddenLayers, settings);
    return { parameters, whole, branches: new Map() };
  }
  const modules = modulesOf(parameters);
  const branches = branchesOf(modules, adapter!, config.modelType);
  const paths = modules.map(({ path }) => path);
  const saved = modulesNamed(adapter!.modulesToSave, paths, config.tieWordEmbeddings);
  const whole = new Set(names.filter((name) => saved.some((path) => name.startsWith(path + "."))));
  return { parameters, whole, branches };
}

const branchesOf = (modules: readonly AdaptedModule[], adapter: LoraConfig, family: string) =>
  matchTargets(modules, adapter, { family }).branches;

/** The modules that parameters of these names and shapes belong to, as an adapter sees them. */
export function modulesOf(parameters: readonly Sized[]): AdaptedModule[] {
  const found = new Map<string, AdaptedModule>();
  for (const [name, shape] of parameters) {
    const parts = name.split(".").slice(0, -1);
    for (let n = 1; n < parts.length; n++) {
      const path = parts.slice(0, n).join(".");
      if (parts[n - 1] !== "layers" && !found.has(path)) found.set(path, { path, kind: "other" });
    }
    const path = parts.join(".");
    if (!name.endsWith(".weight")) continue;
    const [outFeatures, inFeatures] = shape;
    found.set(
      path,
      inFeatures === undefined
        ? { path, kind: "other" }
        : parts.at(-1) === "embed_tokens"
        ? { path, kind: "embedding" }
        : { path, kind: "linear", inFeatures, outFeatures },
    );
  }
  return [...found.values()];
}
