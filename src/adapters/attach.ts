import { CheckpointError } from "../errors.ts";
import { Linear, type Module, type Place, type Projection } from "../nn/mod.ts";
import { scope } from "../tensor/mod.ts";
import { LoraLinear, type LoraOptions } from "./lora.ts";

// deno-lint-ignore no-explicit-any
type AnyModule = Module<any, any>;

/** Every linear layer of a model by its path: those an adapter may wrap, and those one wraps already. */
export function projections(model: AnyModule): Map<string, Place & { module: Projection }> {
  const found = new Map<string, Place & { module: Projection }>();
  for (const place of model.modules()) {
    const linear = place.module instanceof Linear || place.module instanceof LoraLinear;
    if (linear && !found.has(place.path)) found.set(place.path, place as Place & { module: Projection });
  }
  return found;
}

/** Freezes the model and puts a LoRA branch beside each layer of the plan. The branches train; draw or load their values. */
export function attachLora(model: AnyModule, plan: ReadonlyMap<string, LoraOptions>): LoraLinear[] {
  freeze(model);
  const places = projections(model);
  return Array.from(plan, ([path, options]) => {
    const place = places.get(path);
    if (!place) {
      throw new CheckpointError(
        `Cannot put an adapter on "${path}": the model has no linear layer of that name; is it the adapter's base model?`,
      );
    }
    const layer = scope(() => new LoraLinear(place.module, options));
    layer.loraA.requiresGrad();
    layer.loraB.requiresGrad();
    place.put(layer);
    return layer;
  });
}

/** The LoRA layers of a model by path. */
export function loraLayers(model: AnyModule): Map<string, LoraLinear> {
  const layers = new Map<string, LoraLinear>();
  for (const { path, module } of model.modules()) if (module instanceof LoraLinear) layers.set(path, module);
  return layers;
}

/** Adds every branch to its weight and takes the branches out. */
export function mergeLora(model: AnyModule) {
  for (const place of [...model.modules()]) {
    const { module, put } = place;
    if (module instanceof LoraLinear) put(scope(() => module.merge()) as AnyModule);
  }
}

/** Computes without any branch for the time of `fn`: the base model, as the reference of DPO. */
export function withoutAdapters<T>(model: AnyModule, fn: () => T): T {
  const layers = [...loraLayers(model).values()];
  for (const layer of layers) layer.enabled = false;
  try {
    return fn();
  } finally {
    for (const layer of layers) layer.enabled = true;
  }
}

/** Turns dropout on or off. */
export function setTraining(model: AnyModule, training: boolean) {
  for (const layer of loraLayers(model).values()) layer.training = training;
}

/** Lets nothing train. */
export function freeze(model: AnyModule) {
  for (const [, p] of model.parameters()) p.requiresGrad(false);
}
