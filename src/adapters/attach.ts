import { CheckpointError } from "../errors.ts";
import { CausalLm, untie } from "../models/mod.ts";
import { Lookup, type Module, type Place, Projection } from "../nn/mod.ts";
import { scope } from "../tensor/mod.ts";
import { LoraLinear, type LoraOptions } from "./lora.ts";
import { LoraEmbedding } from "./lora_embedding.ts";

// deno-lint-ignore no-explicit-any
type AnyModule = Module<any, any>;

/** A layer with a branch. */
export type LoraLayer = LoraLinear | LoraEmbedding;

/** The linear layers of a model by path. Where one is adapted, it is the adapted layer, not the one inside. */
export const projections = (model: AnyModule): Map<string, Place & { module: Projection }> =>
  outermost(model, Projection);

/**
 * Freezes the model and adds a LoRA branch to each layer of the plan, linear layers and embeddings. The branches train; their
 * values are undefined until drawn or loaded.
 *
 * @throws {CheckpointError} A layer is missing, or has a branch already: the parameters of both would have the same names.
 */
export function attachLora(model: AnyModule, plan: ReadonlyMap<string, LoraOptions>): LoraLayer[] {
  const linear = projections(model), embeddings = outermost(model, Lookup);
  for (const path of plan.keys()) {
    const module = linear.get(path)?.module ?? embeddings.get(path)?.module;
    const why = !module
      ? "the model has no linear layer of that name; is it the adapter's base model?"
      : isLora(module)
      ? "it has an adapter already, and the weights of both would be saved under the same names; merge the first one"
      : undefined;
    if (why) throw new CheckpointError(`Cannot put an adapter on "${path}": ${why}`);
  }
  freeze(model);
  return Array.from(plan, ([path, options]) => {
    const place = linear.get(path), embedding = embeddings.get(path);
    const layer = scope(() =>
      place ? new LoraLinear(place.module, options) : new LoraEmbedding(embedding!.module, options)
    );
    layer.loraA.requiresGrad();
    layer.loraB.requiresGrad();
    (place ?? embedding!).put(layer);
    return layer;
  });
}

/** The layers with a branch by path, as `attachLora` made them. */
export function loraLayers(model: AnyModule): Map<string, LoraLayer> {
  const layers = new Map<string, LoraLayer>();
  for (const [path, { module }] of outermost(model, Object)) if (isLora(module)) layers.set(path, module);
  return layers;
}

/**
 * Adds every branch to the weight below it and removes the branches. A head that is the embedding becomes one of its own where
 * the embedding has a branch: the branch never acted on the head.
 */
export function mergeLora(model: AnyModule) {
  if (model instanceof CausalLm && model.model.embedTokens instanceof LoraEmbedding) untie(model);
  for (const { module, put } of [...model.modules()].reverse()) { // inner layers first
    if (isLora(module)) put(scope((): Module => module.merge()));
  }
}

/** Runs `fn` with every branch off: it computes with the base model, such as the reference of DPO. */
export function withoutAdapters<T>(model: AnyModule, fn: () => T): T {
  const enabled = branches(model).filter((layer) => layer.enabled);
  for (const layer of enabled) layer.enabled = false;
  try {
    return fn();
  } finally {
    for (const layer of enabled) layer.enabled = true;
  }
}

/** Turns the dropout of every branch on or off. */
export function setTraining(model: AnyModule, training: boolean) {
  for (const layer of branches(model)) if (layer instanceof LoraLinear) layer.training = training;
}

/** Freezes every parameter. */
export function freeze(model: AnyModule) {
  for (const [, p] of model.parameters()) p.requiresGrad(false);
}

/** Every layer with a branch, those inside others too. */
const branches = (model: AnyModule): LoraLayer[] => Array.from(model.modules(), ({ module }) => module).filter(isLora);

const isLora = (module: unknown): module is LoraLayer =>
  module instanceof LoraLinear || module instanceof LoraEmbedding;

/** The modules of a kind by path; of those with the same path the outer one. */
function outermost<M>(model: AnyModule, kind: abstract new (...parts: any[]) => M): Map<string, Place & { module: M }> {
  const found = new Map<string, Place & { module: M }>();
  for (const place of model.modules()) { // outer layers come first
    const { path, module } = place;
    if (module instanceof kind && !found.has(path)) found.set(path, { ...place, module: module as M & typeof module });
  }
  return found;
}
