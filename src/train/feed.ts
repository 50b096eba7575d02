import type { Batch } from "../data/mod.ts";
import { type Device, keep, Mark, pinnedTensor, scope, type Tensor } from "../tensor/mod.ts";
import { arranged, type Inputs, lengthOf, type Part, partsOf, viewsOf, write } from "./inputs.ts";

/**
 * Brings batches to the device. All numbers of a batch go in one copy from pinned memory, so the host need not wait for it,
 * and a batch can be sent while the one before it computes. Two buffers take turns for the whole run.
 */
export class Feed {
  readonly #slots: [Slot, Slot];
  #turn = 0;
  #ahead?: { batch: Batch; slot: Slot };

  constructor(readonly device: Device) {
    this.#slots = [new Slot(device), new Slot(device)];
  }

  /** Sends the batch that will be taken next. */
  ahead(batch: Batch) {
    this.#ahead = { batch, slot: this.#send(batch) };
  }

  /**
   * The batch on the device. Its tensors live in the scope around, and must be released before the batch after the next is
   * sent, which uses the same memory: sending it throws if they are not.
   */
  take(batch: Batch): Inputs {
    const slot = this.#ahead?.batch === batch ? this.#ahead.slot : this.#send(batch);
    this.#ahead = undefined;
    return slot.take();
  }

  #send(batch: Batch): Slot {
    const slot = this.#slots[this.#turn = 1 - this.#turn];
    slot.send(batch);
    return slot;
  }

  [Symbol.dispose]() {
    for (const slot of this.#slots) slot[Symbol.dispose]();
  }
}

/** Host memory and the device memory that it is copied to; on a CPU they are one. */
class Slot {
  #host?: Tensor;
  #device?: Tensor;
  readonly #copied: Mark;
  #parts: readonly Part[] = [];
  #taken: readonly Tensor[] = [];
  constructor(readonly device: Device) {
    this.#copied = new Mark(device);
  }

  /** Sends a batch, once the numbers of the last one have left the host's memory. */
  send(batch: Batch) {
    if (this.#taken.some((tensor) => !tensor.released)) {
      throw new Error(
        "Cannot send a batch: it would overwrite the one before the last, whose tensors are still in use; take each batch " +
          "in a scope of its own",
      );
    }
    const parts = this.#parts = partsOf(batch, this.device), n = lengthOf(parts);
    this.#copied.wait();
    this.#reserve(n);
    write(parts, new Int32Array(this.#host!.hostBytes().buffer, 0, n));
    if (this.#host !== this.#device) {
      scope(() => void this.#device!.narrow(0, 0, n).copy_(this.#host!.narrow(0, 0, n), { nonBlocking: true }));
    }
    this.#copied.here();
  }

  /** The batch that was sent last. */
  take(): Inputs {
    this.#taken = viewsOf(this.#device!, this.#parts);
    return arranged(this.#parts, this.#taken);
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
