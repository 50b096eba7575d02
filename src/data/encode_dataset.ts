import { DataError } from "../errors.ts";
import type { DatasetInfo } from "./catalogue/info.ts";
import { RowsBuilder } from "./sets/builder.ts";
import type { Documents } from "./sets/documents.ts";
import type { Rows } from "./sets/rows.ts";
import { readRows } from "./sources/mod.ts";
import { PLACEHOLDER, refuseMedia } from "./formats/media.ts";
import { RowError, SetError, textsIn } from "./sources/row.ts";
import { count, countDropped, emptyTally, type Tally } from "./tally.ts";
import type { EncodedRow, Format, Task, Writing } from "./tasks/mod.ts";

/** How a data set is encoded. */
export interface Encoding extends Writing {
  readonly task: Task;
  /** What `task.options` gave. */
  readonly options: unknown;
  /** Special tokens in the data are read as ordinary text. Default false. */
  readonly splitSpecialTokens?: boolean;
  /** Rows to read at most. Default all. */
  readonly maxSamples?: number;
  /** Rows encoded at once. Default 1000. */
  readonly batchSize?: number;
  /** Called with the number of rows read so far. */
  readonly onProgress?: (rows: number) => void;
}

/** A data set, encoded, and what happened to its rows. */
export interface EncodedDataset {
  readonly documents: Documents;
  readonly rows: Rows;
  readonly tally: Tally;
}

/** A row that was read, and where it is. */
interface Example {
  readonly place: string;
  readonly content: unknown;
}

/**
 * Reads and encodes a data set. The next batch of rows is read while the tokenizer's threads encode one, so at most two
 * batches of text are in memory. Throws `DataError`.
 */
export async function encodeDataset(info: DatasetInfo, encoding: Encoding): Promise<EncodedDataset> {
  const { task, options, batchSize = 1000, onProgress } = encoding;
  const builder = new RowsBuilder();
  const tally = emptyTally();
  let collecting: Promise<void> = Promise.resolve();
  for await (const examples of batchesOf(readExamples(info, encoding, tally), batchSize)) {
    await collecting;
    onProgress?.(tally.rows);
    const encoded = task.encode(examples.map(({ content }) => content), options, encoding);
    collecting = encoded.then((rows) => collect(examples, rows));
    collecting.catch(() => {}); // it is awaited above or below; until then a failure must not end the process
  }
  await collecting;
  return { ...builder.build(), tally };

  function collect(examples: Example[], rows: EncodedRow[]): void {
    rows.forEach((row, i) => {
      if ("dropped" in row) return countDropped(tally, examples[i].place, row.dropped);
      if (row.cut !== false) tally.cut++;
      if (row.cut === "system") tally.cutSystems++;
      builder.add(row.documents, row.tags);
    });
  }
}

async function* readExamples(
  info: DatasetInfo,
  encoding: Encoding,
  tally: Tally,
): AsyncGenerator<Example> {
  const { task, maxSamples } = encoding;
  const countMarks = markCounter(encoding, tally);
  const unseen = new Set(Object.values(info.columns));
  let read: Format<unknown> | undefined;
  for await (const row of readRows(info.files)) {
    if (tally.rows === maxSamples) break;
    tally.rows++;
    if ("bad" in row) {
      countDropped(tally, row.place, row.bad);
      continue;
    }
    for (const column of unseen) if (column in row.value) unseen.delete(column);
    try {
      refuseMedia(info, row.value);
      read ??= task.format(info, row.value, (sentence) => tally.notes.push(sentence));
      const content = read(row.value);
      countMarks(content, row.place);
      yield { place: row.place, content };
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      if (error instanceof SetError) {
        throw new DataError(`Cannot use dataset "${info.name}" (${row.place}): ${error.message}`);
      }
      countDropped(tally, row.place, error.message);
    }
  }
  for (const column of unseen) {
    tally.notes.push(`no row has the column "${column}", which its entry in dataset_info.json names`);
  }
}

/**
 * Counts marks in the text of a row that people seldom mean as text: special tokens, unless they are read as text or belong
 * to how the template writes thoughts and calls, and placeholders of media. One pass over the text.
 */
function markCounter({ tokenizer, template, splitSpecialTokens = false }: Encoding, tally: Tally) {
  const own = [...template.thoughtWords, ...template.toolCallWords].map((word) => word.trim());
  const specials = new Set(splitSpecialTokens ? [] : tokenizer.specialTexts.filter((text) => !own.includes(text)));
  const escaped = Array.from(specials, (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp([...escaped, PLACEHOLDER.source].join("|"), "g");
  return (content: unknown, place: string) => {
    const found = new Set<string>();
    for (const text of textsIn(content)) for (const [mark] of text.matchAll(pattern)) found.add(mark);
    for (const mark of found) count(specials.has(mark) ? tally.specials : tally.placeholders, mark, place);
  };
}

async function* batchesOf<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    if (batch.push(item) < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
