import { bytesOf, type SafeDType } from "./dtype.ts";

/** How a model's tensors are distributed over files. */
export interface Split {
  /** File names and the tensors that each file holds. */
  files: { name: string; tensors: string[] }[];
  /** The text of `<stem>.safetensors.index.json`; null if one file holds all. */
  index: string | null;
}

/**
 * Distributes tensors, in order, over files of at most `maxBytes` bytes each; a larger tensor gets a file of its own.
 * Names, split and index are transformers': `model.safetensors`, or `model-00001-of-0000N.safetensors` and so on.
 *
 * @example
 * ```ts
 * const weight = { dtype: "F32", shape: [1000] } as const;
 * shards([["a", weight], ["b", weight]], 6000).files[1]; // { name: "model-00002-of-00002.safetensors", tensors: ["b"] }
 * ```
 */
export function shards(
  tensors: Iterable<readonly [string, { dtype: SafeDType; shape: readonly number[] }]>,
  maxBytes: number,
  stem = "model",
): Split {
  const groups: string[][] = [];
  let current: string[] = [];
  let [filled, bytes, parameters] = [0, 0, 0];
  for (const [name, { dtype, shape }] of tensors) {
    const size = bytesOf(dtype, shape);
    bytes += size;
    parameters += shape.reduce((count, length) => count * length, 1);
    if (size > maxBytes) {
      groups.push([name]);
      continue;
    }
    if (filled + size > maxBytes) {
      groups.push(current);
      [current, filled] = [[], 0];
    }
    current.push(name);
    filled += size;
  }
  if (current.length || !groups.length) groups.push(current);

  const number = (i: number) => String(i).padStart(5, "0");
  const suffix = (i: number) => groups.length === 1 ? "" : `-${number(i + 1)}-of-${number(groups.length)}`;
  const files = groups.map((names, i) => ({ name: `${stem}${suffix(i)}.safetensors`, tensors: names }));
  if (files.length === 1) return { files, index: null };

  const places = files.flatMap(({ name, tensors }) => tensors.map((tensor) => [tensor, name] as const));
  places.sort(([a], [b]) => a < b ? -1 : 1);
  const metadata = { total_parameters: parameters, total_size: bytes };
  const index = JSON.stringify({ metadata, weight_map: Object.fromEntries(places) }, null, 2) + "\n";
  return { files, index };
}
