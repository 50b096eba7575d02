import type { Template } from "../../templates/mod.ts";
import type { Tokenizer } from "../tokenizer/mod.ts";
import { RowError } from "./calls.ts";
import type { Conversation } from "./conversation.ts";
import { type Documents, DocumentsBuilder } from "./documents.ts";
import { encodePt } from "./encode_pt.ts";
import { type EncodedExample, encodeSft } from "./encode_sft.ts";
import { type Format, formatOf, type Use } from "./formats/mod.ts";
import type { DatasetInfo } from "./info.ts";
import { readRows } from "./sources/mod.ts";
import { countDropped, emptyTally, type Tally } from "./tally.ts";

/** What decides how a data set is encoded. All of it goes into the name of its cache file. */
export interface EncodeOptions {
  use: Use;
  cutoffLen: number;
  packing: boolean;
  trainOnPrompt: boolean;
  maskHistory: boolean;
  splitSpecialTokens: boolean;
  /** Rows to read at most. */
  maxSamples?: number;
}

/** A data set, encoded, and what became of its rows. */
export interface EncodedDataset {
  readonly documents: Documents;
  readonly tally: Tally;
}

interface Example {
  readonly place: string;
  readonly content: Conversation | string;
}

/**
 * Reads and encodes a data set. While the tokenizer's threads work on a batch of rows, the next one is read; no more than
 * two batches of text are ever in memory.
 *
 * @param batchSize rows encoded at once
 * @param onProgress called with the number of rows read so far
 */
export async function encodeDataset(
  info: DatasetInfo,
  template: Template,
  tokenizer: Tokenizer,
  options: EncodeOptions,
  { batchSize = 1000, onProgress }: { batchSize?: number; onProgress?: (rows: number) => void } = {},
): Promise<EncodedDataset> {
  const builder = new DocumentsBuilder();
  const tally = emptyTally();
  let encoding: Promise<void> = Promise.resolve();
  for await (const examples of batchesOf(readExamples(info, options, tally), batchSize)) {
    await encoding;
    onProgress?.(tally.rows);
    encoding = encode(examples, template, tokenizer, options).then((encoded) => collect(examples, encoded));
    encoding.catch(() => {}); // awaited above or below; a file that breaks off in between must not crash the process
  }
  await encoding;
  return { documents: builder.build(), tally };

  function collect(examples: Example[], encoded: EncodedExample[]): void {
    encoded.forEach((example, i) => {
      if ("dropped" in example) return countDropped(tally, examples[i].place, example.dropped);
      if (example.cut) tally.cut++;
      builder.add(example.ids, example.labels);
    });
  }
}

async function* readExamples(info: DatasetInfo, options: EncodeOptions, tally: Tally): AsyncGenerator<Example> {
  let format: Format | undefined;
  for await (const row of readRows(info.files)) {
    if (tally.rows === options.maxSamples) return;
    tally.rows++;
    if ("bad" in row) {
      countDropped(tally, row.place, row.bad);
      continue;
    }
    format ??= formatOf(info, row.value, options.use);
    try {
      yield { place: row.place, content: format.read(row.value) };
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      countDropped(tally, row.place, error.message);
    }
  }
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

function encode(
  examples: Example[],
  template: Template,
  tokenizer: Tokenizer,
  options: EncodeOptions,
): Promise<EncodedExample[]> {
  const contents = examples.map((example) => example.content);
  return options.use === "pt"
    ? encodePt(contents as string[], tokenizer, options)
    : encodeSft(contents as Conversation[], template, tokenizer, options);
}
