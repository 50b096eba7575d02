import { CheckpointError, few } from "../errors.ts";
import { type CausalLm, setRows } from "../models/mod.ts";
import type { Parameter } from "../nn/mod.ts";
import type { TensorPlace } from "../safetensors/mod.ts";
import { fill, misfits, sameValues } from "../weights/mod.ts";
import { loraLayers } from "./attach.ts";
import { attach, type Attached, EMBEDDING, HEAD } from "./attached.ts";
import type { AdapterFolder, AdapterTensor } from "./peft/folder.ts";
import { baseKey, branchKey, savedKey } from "./peft/keys.ts";

const VOCABULARY = [`${EMBEDDING}.weight`, `${HEAD}.weight`];

/**
 * Puts an adapter on a model and reads its file. Each tensor of the file reaches the weight that PEFT gives it to: a half of a
 * branch, a parameter trained whole, or a weight of the base, which it replaces and is written with the adapter again. What
 * has no place is an error or, for weights that PEFT hides itself, a note.
 *
 * Rows of a vocabulary that the adapter's file brings replace the model's, however many they are.
 */
export async function loadAdapter(
  model: CausalLm,
  { folder, config, tensors, notes }: AdapterFolder,
  note: (sentence: string) => void,
): Promise<Attached> {
  notes.forEach(note);
  const tied = model.config.tieWordEmbeddings, rows = rowsOf(tensors, model.config.hiddenSize);
  const resized = rows !== undefined && rows !== model.config.vocabSize;
  if (resized) setRows(model, rows);
  const attached = attach(model, config, note);
  const { loads, base, hidden, surplus } = account(model, attached, tensors, tied);

  const read = new Set(loads.map(({ target }) => target));
  const missing = [...attached.places].filter(([, p]) => !read.has(p)).map(([key]) => key);
  if (missing.length || surplus.length) {
    throw new CheckpointError(
      `Cannot load "${folder}": ${misfits(missing, surplus, "not of this model")}; ` +
        "check that the adapter was made for this model",
    );
  }
  const parameters = new Map(model.parameters());
  const empty = resized
    ? VOCABULARY.find((name) => parameters.has(name) && !read.has(parameters.get(name)!))
    : undefined;
  if (empty) {
    throw new CheckpointError(
      `Cannot load "${folder}": it brings a vocabulary of ${rows} rows, but no "${empty}" of so many; save the adapter with both`,
    );
  }
  if (hidden.length) {
    note(`"${folder}": weights of the base under modules trained whole are not used (${few(hidden)})`);
  }
  await checkDoubles(folder, loads);
  await fill(loads.map(({ key, target, place }) => [key, target, place] as const));
  for (const [key, p] of base) attached.places.set(key, p);
  return attached;
}

/** Rows of the embedding, or of a head alone, that an adapter's file brings; undefined if it brings none. */
export function rowsOf(tensors: readonly AdapterTensor[], width: number): number | undefined {
  const found = VOCABULARY.map((name) =>
    tensors.find(({ part, place: { shape } }) =>
      part.kind === "parameter" && part.name === name && shape.length === 2 && shape[1] === width && shape[0] > 0
    )?.place.shape[0]
  );
  return found[0] ?? found[1];
}

interface Load {
  key: string;
  place: TensorPlace;
  target: Parameter;
}

/** What each tensor of a file is for. `base`: weights of the base model that it brings, as they are written again. */
function account(model: CausalLm, { places, whole }: Attached, tensors: readonly AdapterTensor[], tied: boolean) {
  const parameters = new Map(model.parameters()), adapted = loraLayers(model);
  const isBelow = (name: string) => adapted.has(name.replace(/\.[^.]*$/, ""));
  const loads: Load[] = [], hidden: string[] = [], surplus: string[] = [], base = new Map<string, Parameter>();
  for (const { key, part, place } of tensors) {
    const reaches = (target: Parameter) => loads.push({ key, place, target });
    if ("path" in part) {
      const half = places.get(branchKey(part.path, part.kind, part));
      if (half) reaches(half);
      else surplus.push(key);
      continue;
    }
    const { name } = part, keyOf = (of: string) => isBelow(of) ? baseKey(of) : savedKey(of);
    const exists = part.kind === "parameter" ? part.below === isBelow(name) : whole.has(name);
    if (!exists) {
      surplus.push(key);
      continue;
    }
    const own = part.kind === "parameter" && places.get(keyOf(name));
    if (own) {
      reaches(own);
      continue;
    }
    // In PEFT the weight of the base that is embedding and head stays one, whatever is trained or adapted above it.
    const together = tied && VOCABULARY.includes(name)
      ? [name, ...VOCABULARY.filter((other) => other !== name)]
      : [name];
    const names = together.filter((of) => parameters.has(of) && !whole.has(of));
    for (const of of names) reaches(parameters.get(of)!);
    if (names.length === 0) (whole.has(name) ? hidden : surplus).push(key);
    else base.set(keyOf(names[0]), parameters.get(names[0])!);
  }
  return { loads, base, hidden, surplus };
}

/** Two tensors of a file may be for one weight, such as those of a head that is the embedding: they must be equal. */
async function checkDoubles(folder: string, loads: readonly Load[]) {
  const first = new Map<Parameter, Load>();
  for (const load of loads) {
    const before = first.get(load.target);
    if (before && !await sameValues(before.place, load.place)) {
      throw new CheckpointError(
        `Cannot load "${folder}": "${before.key}" and "${load.key}" are for the same weight of the model, but differ; ` +
          "save the adapter again",
      );
    }
    first.set(load.target, load);
  }
}
