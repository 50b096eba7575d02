import type { Rows } from "./rows.ts";

/**
 * Packs documents into rows of at most `capacity` tokens by best fit decreasing. Documents are taken from long to short,
 * equal ones in their order. Each goes to the row with the least room that holds it, the oldest of those, or begins a new
 * row. No document is cut. The result equals TRL's `bfd` over one batch.
 *
 * @param lengths of all documents, none above `capacity`
 * @param members the documents to pack
 */
export function packBestFit(lengths: Int32Array, members: Int32Array, capacity: number): Rows {
  const order = Array.from(members, (_, i) => i).sort((a, b) => lengths[members[b]] - lengths[members[a]] || a - b);
  const rows: number[][] = [];
  const most = Math.min(capacity, members.reduce((sum, member) => sum + lengths[member], 0)); // the most that any row can need
  const waiting = new Map<number, Queue>(); // rows by the room they have
  const rooms = new LeastRoom(most + 1);
  for (const i of order) {
    const length = lengths[members[i]];
    const room = rooms.atLeast(length);
    const row = room === undefined ? rows.push([]) - 1 : waiting.get(room)!.take();
    if (room !== undefined && waiting.get(room)!.empty) rooms.clear(room);
    rows[row].push(members[i]);
    const left = (room ?? most) - length;
    if (left > 0) {
      if (!waiting.has(left)) waiting.set(left, new Queue());
      waiting.get(left)!.put(row);
      rooms.set(left);
    }
  }
  const starts = new Int32Array(rows.length + 1);
  rows.forEach((row, i) => starts[i + 1] = starts[i] + row.length);
  return { members: Int32Array.from(rows.flat()), starts };
}

/** First in, first out. */
class Queue {
  #items: number[] = [];
  #next = 0;
  get empty(): boolean {
    return this.#next === this.#items.length;
  }
  put(item: number): void {
    this.#items.push(item);
  }
  take(): number {
    const item = this.#items[this.#next++];
    if (this.empty) [this.#items, this.#next] = [[], 0];
    return item;
  }
}

/** A set of small integers that finds its least member at or above a bound in O(log n): a binary tree of flags. */
class LeastRoom {
  readonly #leaves: number;
  readonly #tree: Uint8Array;
  constructor(size: number) {
    this.#leaves = 2 ** Math.ceil(Math.log2(Math.max(2, size)));
    this.#tree = new Uint8Array(2 * this.#leaves);
  }
  set(value: number): void {
    for (let i = this.#leaves + value; i > 0; i >>= 1) this.#tree[i] = 1;
  }
  clear(value: number): void {
    this.#tree[this.#leaves + value] = 0;
    for (let i = (this.#leaves + value) >> 1; i > 0; i >>= 1) this.#tree[i] = this.#tree[2 * i] | this.#tree[2 * i + 1];
  }
  atLeast(bound: number): number | undefined {
    let i = this.#leaves + bound;
    if (this.#tree[i]) return bound;
    // Up until a right sibling holds something, then down to its least leaf.
    while (i > 1 && ((i & 1) === 1 || !this.#tree[i + 1])) i >>= 1;
    if (i <= 1) return undefined;
    for (i++; i < this.#leaves;) i = this.#tree[2 * i] ? 2 * i : 2 * i + 1;
    return i - this.#leaves;
  }
}
