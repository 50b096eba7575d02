import { DataError } from "../errors.ts";

/** What happened to the rows of a data set. Plain data: it is cached with the set. */
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

/** A tally of nothing. */
export function emptyTally(): Tally {
  return { rows: 0, cut: 0, dropped: 0 };
}

/** Counts a row that cannot be used. */
export function countDropped(tally: Tally, place: string, why: string): void {
  tally.dropped++;
  tally.firstDropped ??= { place, why };
}

/**
 * Throws `DataError` where no row, or less than half of them, could be used. Otherwise says in a sentence what was left
 * out, if anything was.
 */
export function judge(tally: Tally, name: string): string | undefined {
  if (tally.rows === 0) throw new DataError(`Cannot use dataset "${name}": it is empty; give it at least one example`);
  if (tally.firstDropped === undefined) return undefined;
  const { place, why } = tally.firstDropped;
  const first = `${place}: ${why}`;
  if (tally.dropped === tally.rows) {
    throw new DataError(
      `Cannot use dataset "${name}": none of its ${rows(tally.rows)} can be used (${first})${remedy(why)}`,
    );
  }
  if (tally.dropped * 2 > tally.rows) {
    throw new DataError(
      `Cannot use dataset "${name}": ${tally.dropped} of its ${rows(tally.rows)} cannot be used (${first})${
        remedy(why)
      }`,
    );
  }
  return `${tally.dropped} of ${rows(tally.rows)} in dataset "${name}" cannot be used and are left out (${first})`;
}

function rows(count: number): string {
  return count === 1 ? "1 row" : `${count} rows`;
}

function remedy(why: string): string {
  return why.startsWith("cutoff_len") ? "; raise cutoff_len" : "; mend the data";
}
