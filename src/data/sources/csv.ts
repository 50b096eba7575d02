import { CsvError, parse } from "csv-parse";
import { Readable } from "node:stream";
import { DataError, quoted } from "../../errors.ts";
import { readBytes } from "./bytes.ts";
import type { Row } from "./row.ts";

/** Rows of a CSV or TSV file whose first line names the columns. Cells with line breaks are quoted (RFC 4180). */
export async function* readCsv(path: string): AsyncGenerator<Row> {
  const delimiter = /\.tsv(\.gz)?$/.test(path) ? "\t" : ",";
  const parser = parse({
    columns: true,
    bom: true,
    delimiter,
    info: true,
    skip_empty_lines: true,
    relax_column_count: true,
    max_record_size: 32 * 2 ** 20,
  });
  const bytes = Readable.from(readBytes(path));
  bytes.on("error", (error) => parser.destroy(error));
  try {
    for await (const { record, info } of bytes.pipe(parser)) {
      yield checked(record, `${path}:${info.lines}`);
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = (error as unknown as { lines?: number }).lines;
    throw new DataError(`Cannot read "${path}${line === undefined ? "" : `:${line}`}": ${sentence(error)}`);
  }
}

/** The parser replaces bytes that are not UTF-8, so a replacement character marks them. */
function checked(value: Record<string, unknown>, place: string): Row {
  const broken = Object.values(value).some((cell) => typeof cell === "string" && cell.includes("\ufffd"));
  return broken ? { place, bad: "it is not UTF-8" } : { place, value };
}

const SENTENCES: Readonly<Partial<Record<string, string>>> = {
  CSV_QUOTE_NOT_CLOSED: "a quoted cell is never closed; add the closing quote",
  CSV_MAX_RECORD_SIZE: "a row is longer than 32 MiB; look for a missing quote",
  CSV_INVALID_CLOSING_QUOTE: "a quoted cell goes on after its closing quote; double the quotes inside it",
  INVALID_OPENING_QUOTE:
    "a quote stands in a cell that does not begin with one; quote the cell, and double the quotes inside it",
};

const sentence = ({ code, message }: CsvError) =>
  SENTENCES[code] ?? `the reader of CSV says ${quoted(message)}; fix that line`;
