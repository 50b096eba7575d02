import { DataError } from "../errors.ts";

/** What happened to the rows of a data set. It is cached with the set, so it is plain data. */
export interface Tally {
  /** Rows that were read. */
  rows: number;
  /** Examples that were shortened to fit `cutoff_len`. */
  cut: number;
  /** Rows that could not be used. */
  dropped: number;
  /** Where the first such row is, and why it could not be used. */
  firstDropped?: { place: string; why: string };
}

/** A tally to begin with. */
export function emptyTally(): Tally {
  return { rows: 0, cut: 0, dropped: 0 };
}

/** Counts a row that cannot be used. */
export function countDropped(tally: Tally, place: string, why: string): void {
  tally.dropped++;
  tally.firstDropped ??= { place, why };
}

/**
 * Throws `DataError` where a data set is empty, or fewer than half of its rows can be used. Otherwise gives a sentence about
 * the rows that were left out, if there are any.
 */
export function judge(tally: Tally, name: string): string | undefined {
  if (tally.rows === 0) throw new DataError(`Cannot use dataset "${name}": it is empty; give it at least one example`);
  if (tally.firstDropped === undefined) return undefined;
  const { place, why } = tally.firstDropped;
  const first = `${place}: ${why}`;
  const unusable = (what: string) => new DataError(`Cannot use dataset "${name}": ${what} (${first})${remedy(why)}`);
  if (tally.rows === 1) throw unusable("its only row cannot be used");
  if (tally.dropped === tally.rows) throw unusable(`none of its ${tally.rows} rows can be used`);
  if (tally.dropped * 2 > tally.rows) throw unusable(`${tally.dropped} of its ${tally.rows} rows cannot be used`);
  const left = tally.dropped === 1 ? "cannot be used and is left out" : "cannot be used and are left out";
  return `${tally.dropped} of ${tally.rows} rows in dataset "${name}" ${left} (${first})`;
}

function remedy(why: string): string {
  return why.startsWith("cutoff_len") ? "; raise cutoff_len" : "; fix the data";
}
