import { type CausalLm, untie } from "../models/mod.ts";
import type { Parameter } from "../nn/mod.ts";
import { attachLora, type LoraLayer, loraLayers, projections } from "./attach.ts";
import { LoraLinear } from "./lora.ts";
import type { LoraConfig } from "./peft/config.ts";
import { baseKey, branchKey, savedKey } from "./peft/keys.ts";
import { cannotUse } from "./peft/patterns.ts";
import { type AdaptedModule, type Matched, matchTargets } from "./peft/targets.ts";

export const EMBEDDING = "model.embed_tokens", HEAD = "lm_head";

/** An adapter on a model. */
export interface Attached {
  config: LoraConfig;
  layers: LoraLayer[];
  /** The parameter that each tensor of its file holds. A name of the head may stand for the embedding, where they are one. */
  places: Map<string, Parameter>;
  /** Names of the parameters that are trained whole, that of a head that is the embedding included. */
  whole: Set<string>;
}

/** The model's modules in PEFT's terms. A head that is the embedding is one, as in transformers. */
export function modulesOf(model: CausalLm): AdaptedModule[] {
  const linear = projections(model), { vocabSize, hiddenSize, tieWordEmbeddings } = model.config;
  const modules = Array.from(model.modules(), ({ path, module }): AdaptedModule => {
    const place = linear.get(path);
    if (!place) return { path, kind: module === model.model.embedTokens ? "embedding" : "other" };
    return { path, kind: "linear", inFeatures: place.module.inFeatures, outFeatures: place.module.outFeatures };
  });
  modules.push({ path: "model.layers", kind: "list" });
  if (tieWordEmbeddings) modules.push({ path: HEAD, kind: "linear", inFeatures: hiddenSize, outFeatures: vocabSize });
  return modules;
}

/**
 * Puts an adapter's branches on a model, of values that are not set yet, and makes them and whatever else it trains train: whole
 * modules and biases. Everything else is frozen.
 *
 * @throws {CheckpointError} The model has no such modules, or they cannot be trained in this way.
 */
export function attach(model: CausalLm, wanted: LoraConfig, note: (sentence: string) => void): Attached {
  const matched = matchTargets(modulesOf(model), wanted, { family: model.config.modelType });
  matched.notes.forEach(note);
  const tied = settleTying(model, wanted, matched, note);
  const layers = attachLora(model, matched.branches);
  const places = new Map<string, Parameter>(), whole = new Set<string>();
  for (const [path, layer] of loraLayers(model)) {
    const embedding = !(layer instanceof LoraLinear);
    places.set(branchKey(path, "A", { embedding }), layer.loraA);
    places.set(branchKey(path, "B", { embedding }), layer.loraB);
  }
  const trains = (key: string, p: Parameter) => {
    places.set(key, p);
    p.requiresGrad();
  };
  for (const [name, p] of model.parameters()) {
    const module = name.replace(/\.[^.]*$/, ""), adapted = matched.branches.has(module);
    if (matched.saved.some((path) => liesIn(name, path)) || (tied && module === EMBEDDING)) {
      whole.add(name);
      trains(savedKey(name), p);
    } else if (name.endsWith(".bias") && (wanted.bias === "all" || (wanted.bias === "lora_only" && adapted))) {
      trains(adapted ? baseKey(name) : savedKey(name), p);
    }
  }
  if (tied) {
    whole.add(`${HEAD}.weight`);
    places.set(savedKey(`${HEAD}.weight`), model.model.embedTokens.weight);
  }
  return { config: { ...wanted, targetModules: matched.targetModules }, layers, places, whole };
}

/**
 * Unties embedding and head where PEFT would train one of them alone or give the head a branch. True if they are trained whole
 * and stay one weight (`ensure_weight_tying`).
 */
function settleTying(
  model: CausalLm,
  { ensureWeightTying, modulesToSave }: LoraConfig,
  { branches, saved }: Matched,
  note: (sentence: string) => void,
): boolean {
  const whole = [EMBEDDING, HEAD].some((path) => saved.some((module) => liesIn(path, module)));
  const adapted = branches.has(HEAD) || branches.has(EMBEDDING), key = "ensure_weight_tying";
  if (ensureWeightTying && model.config.tieWordEmbeddings) {
    if (adapted) throw cannotUse(key, "a branch that embedding and head share is not supported yet");
    if (modulesToSave.some((name) => /(^|\.)(embed_tokens|lm_head)$/.test(name))) return true; // PEFT looks at the names
  }
  if (ensureWeightTying) note(`${key} has no effect: no embedding is trained that is the head, too`);
  if (whole || branches.has(HEAD)) untie(model);
  return false;
}

/** Whether a path is that of a module, or of something in it. */
export const liesIn = (path: string, module: string): boolean => path === module || path.startsWith(`${module}.`);
