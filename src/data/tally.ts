import { DataError } from "../errors.ts";

/** What happened to the rows of a data set. It is cached with the set, so it is plain data. */
export interface Tally {
  /** Rows that were read. */
  rows: number;
  /** Examples that were shortened to fit `cutoff_len`, and those of them whose system prompt was. */
  cut: number;
  cutSystems: number;
  /** Rows that could not be used. */
  dropped: number;
  /** Why they could not, by the kind of reason. */
  reasons: Record<string, Found>;
  /** Rows whose text holds special tokens, by token. */
  specials: Record<string, Found>;
  /** Rows whose text holds a placeholder of media, by placeholder. */
  placeholders: Record<string, Found>;
  /** What of the data is not used. */
  notes: string[];
}

/** Rows that have something in common. */
interface Found {
  count: number;
  /** The first of them: where it is, and what is said of it. */
  readonly first: string;
}

/** A tally to begin with. */
export function emptyTally(): Tally {
  return { rows: 0, cut: 0, cutSystems: 0, dropped: 0, reasons: {}, specials: {}, placeholders: {}, notes: [] };
}

const MOST_KINDS = 1000; // of reasons: more than anyone reads

/** Counts a row that cannot be used. Reasons that differ in numbers and in quoted words only are of one kind. */
export function countDropped(tally: Tally, place: string, why: string): void {
  tally.dropped++;
  const kind = why.replace(/\d+/g, "#").replace(/"[^"]*"/g, '""');
  const isKept = Object.hasOwn(tally.reasons, kind) || Object.keys(tally.reasons).length < MOST_KINDS;
  count(tally.reasons, isKept ? kind : "", `${place}: ${why}`);
}

/** Counts a row under a key. */
export function count(found: Record<string, Found>, key: string, first: string): void {
  if (Object.hasOwn(found, key)) found[key].count++;
  else found[key] = { count: 1, first };
}

/**
 * Throws `DataError` where a data set is empty, or fewer than half of its rows can be used: with the most frequent reasons.
 * Otherwise gives sentences about rows that were left out or shortened, and about what the data holds unexpectedly.
 */
export function judge(tally: Tally, name: string, cutoffLen: number): string[] {
  const { rows, dropped, cut, cutSystems, notes } = tally;
  if (rows === 0) throw new DataError(`Cannot use dataset "${name}": it is empty; give it at least one example`);
  const unusable = (what: string) => {
    const [first] = mostFrequent(tally.reasons);
    const remedy = /: cutoff_len /.test(first.first) ? "raise cutoff_len" : "fix the data";
    return new DataError(`Cannot use dataset "${name}": ${what} (${reasons(tally)}); ${remedy}`);
  };
  if (dropped === 1 && rows === 1) throw unusable("its only row cannot be used");
  if (dropped === rows) throw unusable(`none of its ${rows} rows can be used`);
  if (dropped * 2 > rows) throw unusable(`${dropped} of its ${rows} rows cannot be used`);
  const said = notes.map((note) => `in dataset "${name}", ${note}`);
  const of = (some: number) => `${some} of ${rows} rows in dataset "${name}"`;
  if (dropped > 0) {
    said.push(`${of(dropped)} cannot be used and ${dropped === 1 ? "is" : "are"} left out (${reasons(tally)})`);
  }
  if (cut > 0) {
    const systems = cutSystems === 0 ? "" : `, with the system prompt of ${cutSystems}`;
    said.push(`${of(cut)} ${cut === 1 ? "is" : "are"} longer than cutoff_len = ${cutoffLen} and shortened${systems}`);
  }
  for (const [token, { count, first }] of Object.entries(tally.specials).slice(0, MOST_SHOWN)) {
    said.push(
      `${of(count)} ${
        count === 1 ? "has" : "have"
      } the special token "${token}" in the text, which is read as that token ` +
        `(${first}); set split_special_tokens = true to read it as ordinary text`,
    );
  }
  for (const [mark, { count, first }] of Object.entries(tally.placeholders)) {
    said.push(
      `${of(count)} ${count === 1 ? "has" : "have"} ${mark} in the text, which is read as ordinary text (${first})`,
    );
  }
  return said;
}

const MOST_SHOWN = 3;

function mostFrequent(found: Record<string, Found>): Found[] {
  return Object.values(found).sort((a, b) => b.count - a.count);
}

/** The most frequent reasons, each with its count and its first row. */
function reasons({ reasons, dropped }: Tally): string {
  const found = mostFrequent(reasons);
  if (found.length === 1) return found[0].first;
  const shown = found.slice(0, MOST_SHOWN);
  const left = dropped - shown.reduce((sum, { count }) => sum + count, 0);
  const list = shown.map(({ count, first }) => `${count} like ${first}`);
  return [...list, ...left > 0 ? [`${left} for other reasons`] : []].join("; ");
}
