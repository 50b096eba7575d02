import type { ModelConfig } from "../models/config.ts";
import { FAMILIES } from "../models/families.ts";
import { type Facts, WIDTHS } from "./facts.ts";
import { Kernels, type Layer } from "./kernels.ts";
import type { Ledger } from "./ledger.ts";
import { sizeOf } from "./parameters.ts";
import type { Shadow } from "./tape.ts";
import { Tape } from "./tape.ts";
import type { Trained } from "./trained.ts";

/** The parts of a run's model as shadows; what it does with them is in `forward.ts`. */
export interface ShadowModel {
  config: ModelConfig;
  tape: Tape;
  kernels: Kernels;
  /** By name in checkpoints; branches as `PATH.lora_A.weight` and `PATH.lora_B.weight`. */
  parameters: ReadonlyMap<string, Shadow>;
  /** A projection by its path. */
  layer: (path: string) => Layer;
  qkNorm: boolean;
}

/** Whether `upcast_layernorm` keeps a parameter in fp32. */
export const isNorm = (name: string) => name.endsWith("norm.weight");

/** The model as it is in memory while it trains: weights in the type it computes in, branches in fp32. */
export function shadowModel(facts: Facts, { parameters, whole, branches }: Trained, ledger: Ledger): ShadowModel {
  const { config, settings, device, threads } = facts, width = WIDTHS[facts.computes];
  const tape = new Tape(ledger), kernels = new Kernels(tape, width, device, threads);
  const all = new Map<string, Shadow>();
  for (const [name, shape] of parameters) {
    const wide = settings.upcastLayernorm && isNorm(name);
    const p = tape.tensor(sizeOf(shape), wide ? WIDTHS.f32 : width, "weights");
    p.wantsGrad = whole.has(name);
    all.set(name, p);
  }
  const shapes = new Map(parameters);
  const layers = new Map<string, Layer>();
  const layer = (path: string): Layer => {
    const [outputs, inputs] = shapes.get(`${path}.weight`)!;
    return { inputs, outputs, weight: all.get(`${path}.weight`)!, bias: all.get(`${path}.bias`) };
  };
  for (const [path, { rank, dropout }] of branches) {
    const beside = layer(path);
    const half = (which: string, size: number) => {
      const p = tape.tensor(size, WIDTHS.f32, "weights");
      p.wantsGrad = true;
      all.set(`${path}.lora_${which}.weight`, p);
      return p;
    };
    const [a, b] = [half("A", rank * beside.inputs), half("B", beside.outputs * rank)];
    layers.set(path, { ...beside, branch: { a, b, rank, dropout } });
  }
  const { qkNorm } = FAMILIES[config.modelType];
  return { config, tape, kernels, parameters: all, layer: (path) => layers.get(path) ?? layer(path), qkNorm };
}
