/** Numbers of each row, by name: [R] each. */
export type Tags = Readonly<Record<string, Float32Array>>;

/** Which documents form each row, and the numbers of each row. M documents in all rows, R rows. */
export interface Rows {
  /** Documents, row after row [M]. */
  readonly members: Int32Array;
  /** Where each row begins in `members`, and M [R + 1]. */
  readonly starts: Int32Array;
  /** Numbers of each row, such as a margin. None where left out. */
  readonly tags?: Tags;
}

/** How many rows there are. */
export function rowCount({ starts }: Rows): number {
  return starts.length - 1;
}

/** One document a row, in the given order. */
export function oneEach(documents: Int32Array): Rows {
  return { members: documents, starts: Int32Array.from({ length: documents.length + 1 }, (_, i) => i) };
}

/** Some rows of a collection, in the given order; a row may come more than once. */
export function selectRows(rows: Rows, order: Int32Array): Rows {
  const starts = new Int32Array(order.length + 1);
  order.forEach((row, i) => starts[i + 1] = starts[i] + rows.starts[row + 1] - rows.starts[row]);
  const members = new Int32Array(starts[order.length]);
  let at = 0;
  for (const row of order) {
    for (let m = rows.starts[row]; m < rows.starts[row + 1]; m++) members[at++] = rows.members[m];
  }
  return { members, starts, tags: selectTags(rows.tags, order) };
}

/** The numbers of some rows, in the given order. */
export function selectTags(tags: Tags = {}, order: ArrayLike<number>): Tags {
  const select = (values: Float32Array) => Float32Array.from(order, (row) => values[row]);
  return Object.fromEntries(Object.entries(tags).map(([name, values]) => [name, select(values)]));
}

/**
 * The rows of several collections as one. All must have tags of the same names.
 *
 * @param counts how many documents each collection has: those of the second are numbered from there on
 */
export function joinRows(parts: readonly Rows[], counts: readonly number[]): Rows {
  if (parts.length === 1) return parts[0];
  const members: number[] = [], starts = [0];
  let first = 0;
  parts.forEach((part, i) => {
    const before = members.length;
    for (const document of part.members) members.push(first + document);
    for (const end of part.starts.subarray(1)) starts.push(before + end);
    first += counts[i];
  });
  return { members: Int32Array.from(members), starts: Int32Array.from(starts), tags: joinTags(parts) };
}

function joinTags(parts: readonly Rows[]): Tags {
  const names = Object.keys(parts[0]?.tags ?? {});
  const join = (name: string) => Float32Array.from(parts.flatMap(({ tags = {} }) => Array.from(tags[name])));
  return Object.fromEntries(names.map((name) => [name, join(name)]));
}
