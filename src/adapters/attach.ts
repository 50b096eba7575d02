import { CheckpointError } from "../errors.ts";
import { type Module, type Place, Projection } from "../nn/mod.ts";
import { scope } from "../tensor/mod.ts";
import { LoraLinear, type LoraOptions } from "./lora.ts";

// deno-lint-ignore no-explicit-any
type AnyModule = Module<any, any>;

/** The linear layers of a model by path. Where one is adapted, it is the adapted layer, not the one inside. */
export function projections(model: AnyModule): Map<string, Place & { module: Projection }> {
  const found = new Map<string, Place & { module: Projection }>();
  for (const place of model.modules()) { // outer layers come first
    const { path, module } = place;
    if (module instanceof Projection && !found.has(path)) found.set(path, { ...place, module });
  }
  return found;
}

/**
 * Freezes the model and adds a LoRA branch to each layer of the plan. The branches train; their values are undefined until
 * drawn or loaded.
 *
 * @throws {CheckpointError} A layer is missing, or has a branch already: the parameters of both would have the same names.
 */
export function attachLora(model: AnyModule, plan: ReadonlyMap<string, LoraOptions>): LoraLinear[] {
  const places = projections(model);
  for (const path of plan.keys()) {
    const why = !places.has(path)
      ? "the model has no linear layer of that name; is it the adapter's base model?"
      : places.get(path)!.module instanceof LoraLinear
      ? "it has an adapter already, and the weights of both would be saved under the same names; merge the first one"
      : undefined;
    if (why) throw new CheckpointError(`Cannot put an adapter on "${path}": ${why}`);
  }
  freeze(model);
  return Array.from(plan, ([path, options]) => {
    const { module, put } = places.get(path)!;
    const layer = scope(() => new LoraLinear(module, options));
    layer.loraA.requiresGrad();
    layer.loraB.requiresGrad();
    put(layer);
    return layer;
  });
}

/** The LoRA layers of a model by path, as `attachLora` made them. */
export function loraLayers(model: AnyModule): Map<string, LoraLinear> {
  const layers = new Map<string, LoraLinear>();
  for (const [path, { module }] of projections(model)) if (module instanceof LoraLinear) layers.set(path, module);
  return layers;
}

/** Adds every branch to the weight below it and removes the branches. */
export function mergeLora(model: AnyModule) {
  for (const { module, put } of [...model.modules()].reverse()) { // inner layers first
    if (module instanceof LoraLinear) put(scope(() => module.merge()));
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
  for (const layer of branches(model)) layer.training = training;
}

/** Freezes every parameter. */
export function freeze(model: AnyModule) {
  for (const [, p] of model.parameters()) p.requiresGrad(false);
}

/** Every LoRA layer, those inside others too. */
const branches = (model: AnyModule): LoraLinear[] =>
  Array.from(model.modules(), ({ module }) => module).filter((module) => module instanceof LoraLinear);
