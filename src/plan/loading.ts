import { type Facts, WIDTHS } from "./facts.ts";
import type { Ledger } from "./ledger.ts";
import { isNorm } from "./model.ts";
import { sizeOf } from "./parameters.ts";
import { type Shadow, Tape } from "./tape.ts";
import type { Trained } from "./trained.ts";

const F32 = WIDTHS.f32;

/** Tensors read at once, each through one of the file's type where that is another: src/weights/tensors.ts. */
const AT_ONCE = 4;

/** MiB of the tensors with which `fastFloat32` of src/tensor/runtime.ts measures products, on the CPU before anything is loaded. */
const PRODUCTS = [1, 2, 2, 4, 1, 0.5, 1, 1];

/** All that happens to a model from its files to the type it computes in: src/prepare/trainee.ts. */
export function load(facts: Facts, { parameters, whole, branches }: Trained, ledger: Ledger) {
  const { stored, computes, settings, device } = facts, tape = new Tape(ledger);
  ledger.doing = "loading";
  if (device === "cpu") tape.scope(() => PRODUCTS.forEach((size) => tape.tensor(size * 2 ** 20, 1, "temporary")));
  const exact = settings.finetuningType !== "lora" && !settings.pureBf16 && !settings.trainFromScratch;
  const first = WIDTHS[exact ? stored : computes], width = WIDTHS[computes];
  const model = new Map(parameters.map(([name, shape]) => [name, tape.tensor(sizeOf(shape), first, "weights")]));
  if (device === "cpu" && stored !== (exact ? stored : computes) && !settings.trainFromScratch) {
    readThrough(facts, tape, model);
  }
  if (facts.merges) {
    const inBlocks = parameters.filter(([name, shape]) => shape.length > 1 && name.startsWith("model.layers."));
    merge(tape, first, inBlocks.map(([, shape]) => sizeOf(shape)));
  }
  if (facts.storedVocabulary) resize(facts, tape, first);
  const shapes = new Map(parameters);
  for (const [path, { rank }] of branches) {
    const [outputs, inputs] = shapes.get(`${path}.weight`)!;
    for (const side of [inputs, outputs]) tape.tensor(rank * side, F32, "weights");
  }
  const masters = exact && first === F32 && width < F32;
  for (const name of masters ? whole : []) tape.tensor(model.get(name)!.size, F32, "optimizer");
  for (const [name, p] of model) {
    const target = settings.upcastLayernorm && isNorm(name) ? F32 : width;
    if (target === first) continue;
    tape.tensor(p.size, target, "weights");
    tape.end(p);
  }
}

/** Files of another type are read through tensors of that type. */
function readThrough({ stored }: Facts, tape: Tape, model: ReadonlyMap<string, Shadow>) {
  const sizes = Array.from(model.values(), ({ size }) => size * WIDTHS[stored]);
  const most = sizes.map((_, i) => sizes.slice(i, i + AT_ONCE).reduce((sum, size) => sum + size, 0));
  tape.during(Math.max(...most), () => {});
}

/** A branch that is merged: its product, that times its scale, and the sum with the weight, all in fp32. */
function merge(tape: Tape, width: number, sizes: readonly number[]) {
  tape.during((width === F32 ? 3 : 4) * Math.max(...sizes) * F32, () => {});
}

/** `resizeVocab` of src/models/resize.ts: the old rows and new ones in fp32, joined, and rounded. */
function resize({ config, storedVocabulary }: Facts, tape: Tape, width: number) {
  const { vocabSize: V, hiddenSize: D } = config;
  tape.during(
    storedVocabulary! * D * (width === F32 ? 0 : F32),
    () =>
      tape.during(
        (V - storedVocabulary!) * D * F32 * 3,
        () => tape.during(V * D * F32, () => tape.during(V * D * width, () => {})),
      ),
  );
}
