import { RecipeError } from "../errors.ts";
import type { ModelSettings } from "../models/settings.ts";
import { didYouMean } from "../settings/nearest.ts";
import { EMBEDDING, HEAD, liesIn } from "./attached.ts";
import { partsOf } from "./chosen.ts";
import { LORA_DEFAULTS, type LoraConfig } from "./peft/config.ts";
import { outermostPaths, savedPaths } from "./peft/saved.ts";
import { type AdaptedModule, linearNames } from "./peft/targets.ts";
import type { MethodSettings } from "./settings.ts";

/** The settings that a new adapter is made from. */
export type NewAdapterSettings =
  & Pick<MethodSettings, "loraRank" | "loraDropout" | "loraTarget" | "loraLayers" | "useRslora" | "initLoraWeights">
  & Pick<ModelSettings, "modelNameOrPath">
  & { readonly loraAlpha: number; readonly modelName?: string; readonly modelRevision: string };

/**
 * The configuration of a new adapter for a model with these modules and this number of blocks. `additionalTarget` names the
 * modules that are trained whole, by the ends of their paths as in PEFT: `norm` is every norm. `tied` says whether the
 * embedding is also the head: where only the embedding is named, both stay one weight and are saved by both names.
 *
 * @throws {RecipeError} The model has no such target or layer.
 */
export function newAdapter(
  settings: NewAdapterSettings,
  { modules, blocks, additionalTarget, tied }: {
    modules: readonly AdaptedModule[];
    blocks: number;
    additionalTarget: readonly string[];
    tied: boolean;
  },
): LoraConfig {
  checkTargets(settings, modules, blocks);
  return {
    ...LORA_DEFAULTS,
    r: settings.loraRank,
    loraAlpha: settings.loraAlpha,
    loraDropout: settings.loraDropout,
    targetModules: settings.loraTarget.includes("all") ? linearNames(modules) : settings.loraTarget,
    layersToTransform: settings.loraLayers.length ? settings.loraLayers : null,
    ...trainedWhole(settings, modules, additionalTarget, tied),
    useRslora: settings.useRslora,
    initLoraWeights: settings.initLoraWeights,
    baseModelNameOrPath: settings.modelName ?? settings.modelNameOrPath,
    revision: settings.modelRevision === "main" ? null : settings.modelRevision,
  };
}

/** PEFT ignores a target that matches no module; here a misspelt name is an error. */
function checkTargets(
  { loraTarget, loraLayers }: NewAdapterSettings,
  modules: readonly AdaptedModule[],
  layers: number,
) {
  const known = linearNames(modules);
  const slip = loraTarget.find((name) =>
    name !== "all" && !modules.some(({ path }) => path === name || path.endsWith(`.${name}`))
  );
  if (slip !== undefined) {
    throw new RecipeError(
      `Cannot use lora_target = "${slip}": the model has no such module; choose from all, ${known.join(", ")}` +
        didYouMean(slip, known),
    );
  }
  const beyond = loraLayers.find((layer) => layer >= layers);
  if (beyond !== undefined) {
    throw new RecipeError(
      `Cannot use lora_layers = ${beyond}: the model's layers are 0 to ${layers - 1}; choose among them`,
    );
  }
}

/** The names to save for whole modules, and whether embedding and head stay one weight. */
function trainedWhole(
  { loraTarget }: NewAdapterSettings,
  modules: readonly AdaptedModule[],
  names: readonly string[],
  tied: boolean,
): Pick<LoraConfig, "modulesToSave" | "ensureWeightTying"> {
  const { paths, idle } = savedPaths(modules, names, new Map());
  if (idle.length) {
    throw new RecipeError(
      `Cannot use additional_target = "${idle[0]}": no module has that name; there are ${
        partsOf(modules.map(({ path }) => path))
      }`,
    );
  }
  const has = (path: string) => paths.some((module) => liesIn(path, module));
  const together = tied && has(EMBEDDING) && !has(HEAD) && !loraTarget.includes(HEAD);
  const outer = outermostPaths(paths);
  // PEFT looks for the name of the embedding itself before it ties, and fails where a name is inside another's module.
  const plain = outer.length === paths.length && (!together || names.some((name) => /(^|\.)embed_tokens$/.test(name)));
  return { modulesToSave: [...plain ? names : outer, ...together ? [HEAD] : []], ensureWeightTying: together };
}
