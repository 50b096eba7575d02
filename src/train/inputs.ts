import { type Batch, IGNORED } from "../data/mod.ts";
import { type Layout, roundedSize } from "../nn/mod.ts";
import { type Device, from, type Tensor } from "../tensor/mod.ts";

// N tokens of a batch, S supervised ones, D documents, R rows. On a CPU, N and S are rounded up: see `sizesOf`.

/** A batch on the device. Integers are int32. */
export interface Inputs {
  /** Token ids of all documents, end to end [N]. */
  ids: Tensor;
  /** Which of them form a document. */
  layout: Layout;
  /** Positions whose next token is learned [S]. */
  supervised: Tensor;
  /** What to predict at these positions [S]; padding is `IGNORED`. */
  targets: Tensor;
  /** Numbers of each row by name: fp32 [R] each. */
  tags: Record<string, Tensor>;
  /** What a stage added to the batch, by name: int32 or fp32, one for each token [N], supervised token [S] or row [R]. */
  extra: Record<string, Tensor>;
}

/** What an array has a number for. `start`: each document, and the end of the last. */
type Each = "token" | "supervised" | "start" | "row";
/** How many numbers an array of each kind has on the device. */
type Sizes = Readonly<Record<Each, number>>;
/** The number in the i-th place of an array's padding. */
type Padding = (i: number, sizes: Sizes) => number;

/** The arrays that every batch has, in the order in which they lie on the device. Tags and what a stage added follow. */
const FIELDS: readonly { name: "ids" | "positions" | "supervised" | "targets" | "starts"; each: Each; pad: Padding }[] =
  [
    { name: "ids", each: "token", pad: () => 0 },
    { name: "positions", each: "token", pad: (i) => i }, // the padding is one more document
    { name: "supervised", each: "supervised", pad: () => 0 },
    { name: "targets", each: "supervised", pad: () => IGNORED },
    { name: "starts", each: "start", pad: (_, { token }) => token },
  ];

/** An array of a batch, and where it lies on the device: `length` numbers of 4 bytes from `at` on, padding last. */
export interface Part {
  readonly group: "fields" | "tags" | "extra";
  readonly name: string;
  readonly values: Int32Array | Float32Array;
  readonly pad: (i: number) => number;
  readonly at: number;
  readonly length: number;
}

/** The arrays of a batch, end to end. Throws `RangeError` where a stage added too few or too many numbers. */
export function partsOf(batch: Batch, device: Device): Part[] {
  const sizes = sizesOf(batch, device), parts: Part[] = [];
  const add = (group: Part["group"], name: string, each: Each, values: Part["values"], pad: Padding = () => 0) => {
    parts.push({ group, name, values, pad: (i) => pad(i, sizes), at: lengthOf(parts), length: sizes[each] });
  };
  for (const { name, each, pad } of FIELDS) add("fields", name, each, batch[name], pad);
  for (const [name, values] of Object.entries(batch.tags)) add("tags", name, "row", values);
  const counts = { token: batch.ids.length, supervised: batch.learned, row: batch.rows };
  for (const [name, { each, values }] of Object.entries(batch.extra ?? {})) {
    if (values.length !== counts[each]) {
      throw new RangeError(
        `Cannot send "${name}" of a batch to the device: it has ${values.length} numbers for ${counts[each]} places; ` +
          `give one for each ${each === "supervised" ? "supervised token" : each}`,
      );
    }
    add("extra", name, each, values);
  }
  return parts;
}

/**
 * On a CPU, N and S are rounded up, because oneDNN compiles its products for each size: N by one more document, from which
 * nothing is learned, and S by positions whose target is ignored.
 */
function sizesOf({ ids, learned, starts, rows }: Batch, device: Device): Sizes {
  const token = roundedSize(ids.length, device), supervised = roundedSize(learned, device);
  return { token, supervised, start: starts.length + Number(token > ids.length), row: rows };
}

/** How many numbers of 4 bytes the parts have together. */
export function lengthOf(parts: readonly Part[]): number {
  const last = parts.at(-1);
  return last === undefined ? 0 : last.at + last.length;
}

/** Writes the parts, with their padding, where they lie. */
export function write(parts: readonly Part[], numbers: Int32Array<ArrayBuffer>) {
  const floats = new Float32Array(numbers.buffer, numbers.byteOffset, numbers.length);
  for (const { values, pad, at, length } of parts) {
    const into = values instanceof Float32Array ? floats : numbers;
    into.set(values, at);
    for (let i = values.length; i < length; i++) into[at + i] = pad(i - values.length);
  }
}

/** The parts as tensors that share the memory of `all`, in their order. */
export function viewsOf(all: Tensor, parts: readonly Part[]): Tensor[] {
  return parts.map(({ values, at, length }) => {
    const view = all.narrow(0, at, length);
    return values instanceof Float32Array ? view.viewAs("f32") : view;
  });
}

/** A batch from its parts and their tensors. */
export function arranged(parts: readonly Part[], views: readonly Tensor[]): Inputs {
  const groups: Record<Part["group"], Record<string, Tensor>> = { fields: {}, tags: {}, extra: {} };
  parts.forEach(({ group, name }, i) => groups[group][name] = views[i]);
  const { fields: { ids, positions, starts, supervised, targets }, tags, extra } = groups;
  const lengths = lengthsOf(parts.find(({ name }) => name === "starts")!);
  const span = lengths.reduce((longest, length) => Math.max(longest, length), 0);
  return { ids, layout: { positions, starts, lengths, span }, supervised, targets, tags, extra };
}

/** Tokens of each document, the padding included, from where they start. */
function lengthsOf({ values, pad, length }: Part): number[] {
  const start = (i: number) => i < values.length ? values[i] : pad(i - values.length);
  return Array.from({ length: length - 1 }, (_, i) => start(i + 1) - start(i));
}

/** A batch on the device, in memory of its own. Lives in the scope around. */
export function inputsOf(batch: Batch, device: Device): Inputs {
  const parts = partsOf(batch, device), numbers = new Int32Array(lengthOf(parts));
  write(parts, numbers);
  return arranged(parts, viewsOf(from(numbers, [numbers.length], device), parts));
}
