// Reads the fixtures that tests/parity/make.py wrote with the peers.
import { build, type CausalLm, modelConfig } from "../../src/models/mod.ts";
import { type Device, type DType, hostTensor, keep, readInto, type Tensor } from "../../src/tensor/mod.ts";
import { readHeader } from "../../src/safetensors/mod.ts";
import "../support/tensors.ts";

const folder = new URL("fixtures/", import.meta.url).pathname;
export const path = (name: string) => folder + name;
export const json = (name: string) => JSON.parse(Deno.readTextFileSync(path(name)));

const DTYPES: Record<string, DType> = { F32: "f32", BF16: "bf16", I32: "i32", I64: "i64", F64: "f64" };

/** All tensors of a safetensors fixture, by name; the caller disposes them. */
export async function tensors(name: string): Promise<Record<string, Tensor>> {
  const found: Record<string, Tensor> = {};
  for (const [key, { dtype, shape, start }] of (await readHeader(path(name))).tensors) {
    found[key] = keep(hostTensor(shape, DTYPES[dtype]));
    await readInto(found[key], path(name), start);
  }
  return found;
}

/** A fixture's model in fp32 (or another type), with changes to its config; an untied head is the embedding where it has none. */
export async function model(
  name: string,
  changes: Record<string, unknown> = {},
  dtype: DType = "f32",
  device: Device = "cpu",
): Promise<CausalLm> {
  const raw = { ...json(`models/${name}/config.json`), ...changes };
  for (const key of Object.keys(raw)) if (raw[key] === undefined) delete raw[key]; // a change to undefined is an absent key
  const config = modelConfig(raw);
  const made = build(config, { dtype, device });
  const weights = await tensors(`models/${name}/model.safetensors`);
  for (const [key, p] of made.parameters()) p.copy_(weights[key] ?? weights["model.embed_tokens.weight"]);
  for (const t of Object.values(weights)) t[Symbol.dispose]();
  return made;
}

/** |ours - theirs| / |theirs|, in the 2-norm. */
export function distance(ours: Tensor, theirs: Tensor): number {
  const wide = theirs.toDevice("cpu", "f64");
  return ours.toDevice("cpu", "f64").sub(wide).linalgVectorNorm().item() / wide.linalgVectorNorm().item();
}

/** Disposes everything in a record. */
export const drop = (all: Record<string, Tensor>) => Object.values(all).forEach((t) => t[Symbol.dispose]());
