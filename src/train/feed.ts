import { type Batch, IGNORED } from "../data/mod.ts";
import { type Layout, longestOf, roundedSize } from "../nn/mod.ts";
import { type Device, from, keep, Mark, pinnedTensor, scope, type Tensor } from "../tensor/mod.ts";

// N tokens of a batch, S supervised ones, D documents.

/** A batch on the device. */
export interface Inputs {
  /** Token ids of all documents, end to end: int32 [N]. */
  ids: Tensor;
  layout: Layout;
  /** Supervised positions, and what is to be predicted there: int32 [S] each. */
  rows: Tensor;
  targets: Tensor;
}

/**
 * Brings batches to the device. All numbers of a batch go in one copy, from pinned memory, so that the host need not wait
 * for it; and a batch can be sent while the one before it computes. Two buffers are used in turn for the whole run.
 */
export class Feed {
  readonly #slots: [Slot, Slot];
  #turn = 0;
  #ahead?: { batch: Batch; slot: Slot };

  constructor(readonly device: Device) {
    this.#slots = [new Slot(device), new Slot(device)];
  }

  /** Sends a batch that will be taken next. */
  ahead(batch: Batch) {
    this.#ahead = { batch, slot: this.#send(batch) };
  }

  /** The batch on the device. What it gives is good until the batch after the next is sent; handles live in the scope around. */
  take(batch: Batch): Inputs {
    const slot = this.#ahead?.batch === batch ? this.#ahead.slot : this.#send(batch);
    this.#ahead = undefined;
    return viewsOf(slot.there, batch, this.device);
  }

  #send(batch: Batch): Slot {
    const slot = this.#slots[this.#turn = 1 - this.#turn];
    slot.send(sizeOf(batch, this.device), (numbers) => write(batch, this.device, numbers));
    return slot;
  }

  [Symbol.dispose]() {
    for (const slot of this.#slots) slot[Symbol.dispose]();
  }
}

/** The same for a single batch, in memory of its own. Lives in the scope around. */
export function inputsOf(batch: Batch, device: Device): Inputs {
  const numbers = new Int32Array(sizeOf(batch, device));
  write(batch, device, numbers);
  return viewsOf(from(numbers, [numbers.length], device), batch, device);
}

/** Host memory and where it is copied to; on a CPU they are one. */
class Slot {
  #host?: Tensor;
  #device?: Tensor;
  readonly #copied: Mark;
  constructor(readonly device: Device) {
    this.#copied = new Mark(device);
  }

  /** The numbers on the device. */
  get there(): Tensor {
    return this.#device!;
  }

  /** Sends `n` numbers as soon as the last ones have left the host's memory. */
  send(n: number, write: (numbers: Int32Array) => void) {
    this.#copied.wait();
    this.#reserve(n);
    write(new Int32Array(this.#host!.hostBytes().buffer, 0, n));
    if (this.#host !== this.#device) {
      scope(() => this.#device!.narrow(0, 0, n).copy_(this.#host!.narrow(0, 0, n), { nonBlocking: true }));
    }
    this.#copied.here();
  }

  #reserve(n: number) {
    const room = this.#host?.size ?? 0;
    if (n <= room) return;
    this[Symbol.dispose](false);
    const size = [Math.max(2 * room, n)];
    this.#host = keep(pinnedTensor(size, "i32"));
    this.#device = this.device === "cpu" ? this.#host : keep(this.#host.toDevice(this.device, "i32"));
  }

  [Symbol.dispose](whole = true) {
    if (this.#host !== this.#device) this.#device?.[Symbol.dispose]();
    this.#host?.[Symbol.dispose]();
    if (whole) this.#copied[Symbol.dispose]();
  }
}

/**
 * How many numbers of each kind. On a CPU, N and S are rounded up: by a document of padding that nobody learns from, and by
 * rows whose target is ignored.
 */
function partsOf(batch: Batch, device: Device) {
  const N = roundedSize(batch.ids.length, device), S = roundedSize(batch.learned, device);
  return { N, S, starts: batch.starts.length + Number(N > batch.ids.length) };
}

function sizeOf(batch: Batch, device: Device): number {
  const { N, S, starts } = partsOf(batch, device);
  return 2 * N + 2 * S + starts;
}

/** ids [N], positions [N], rows [S], targets [S], starts [D + 1] */
function write(batch: Batch, device: Device, numbers: Int32Array) {
  const { N, S, starts } = partsOf(batch, device), real = batch.ids.length;
  numbers.set(batch.ids);
  numbers.fill(0, real, N);
  numbers.set(batch.positions, N);
  for (let i = real; i < N; i++) numbers[N + i] = i - real;
  const { rows, targets } = supervised(batch.labels, batch.learned, S);
  numbers.set(rows, 2 * N);
  numbers.set(targets, 2 * N + S);
  numbers.set(batch.starts, 2 * N + 2 * S);
  if (starts > batch.starts.length) numbers[2 * N + 2 * S + starts - 1] = N;
}

function viewsOf(all: Tensor, batch: Batch, device: Device): Inputs {
  const { N, S, starts: count } = partsOf(batch, device);
  const ends = [...batch.starts.subarray(1), ...(N > batch.ids.length ? [N] : [])];
  const lengths = ends.map((end, i) => end - (ends[i - 1] ?? 0));
  const positions = all.narrow(0, N, N), starts = all.narrow(0, 2 * N + 2 * S, count);
  return {
    ids: all.narrow(0, 0, N),
    layout: { positions, starts, lengths, span: longestOf(lengths) },
    rows: all.narrow(0, 2 * N, S),
    targets: all.narrow(0, 2 * N + S, S),
  };
}

/** Positions whose label is learned, and those labels: [S] each. Up to `room`, rows whose target is ignored follow. */
export function supervised(
  labels: Int32Array,
  learned: number,
  room = learned,
): { rows: Int32Array; targets: Int32Array } {
  const rows = new Int32Array(room), targets = new Int32Array(room).fill(IGNORED);
  let n = 0;
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] === IGNORED) continue;
    rows[n] = i;
    targets[n++] = labels[i];
  }
  return { rows, targets };
}
