import { CsvError, parse } from "csv-parse";
import { Readable } from "node:stream";
import { DataError, quoted } from "../../errors.ts";
import { readBytes } from "./bytes.ts";
import type { Row } from "./row.ts";

/** Rows of a CSV or TSV file whose first line names the columns. Cells with line breaks are quoted (RFC 4180). */
export async function* readCsv(path: string): AsyncGenerator<Row> {
  const delimiter = /\.tsv(\.gz)?$/.test(path) ? "\t" : ",";
  const parser = parse({
    bom: true,
    delimiter,
    info: true,
    skip_empty_lines: true,
    relax_column_count: true,
    max_record_size: 32 * 2 ** 20,
  });
  const bytes = Readable.from(readBytes(path));
  bytes.on("error", (error) => parser.destroy(error));
  let columns: string[] | undefined;
  try {
    for await (const { record, info } of bytes.pipe(parser)) {
      if (columns === undefined) columns = named(record, path);
      else yield rowFrom(record, columns, `${path}:${info.lines}`);
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = (error as unknown as { lines?: number }).lines;
    throw new DataError(`Cannot read "${path}${line === undefined ? "" : `:${line}`}": ${sentence(error)}`);
  }
}

/** The names in the first line. Throws `DataError` where one stands there twice. */
function named(names: string[], path: string): string[] {
  const twice = names.find((name, i) => name !== "" && names.indexOf(name) < i);
  if (twice === undefined) return names;
  throw new DataError(`Cannot read "${path}": its first line names the column "${twice}" twice; rename one`);
}

/** The parser replaces bytes that are not UTF-8, so a replacement character marks them. */
function rowFrom(cells: string[], columns: readonly string[], place: string): Row {
  if (cells.some((cell) => cell.includes("\ufffd"))) return { place, bad: "it is not UTF-8" };
  if (cells.slice(columns.length).some((cell) => cell !== "")) {
    const why = `it has ${cells.length} cells for ${columns.length} columns; quote cells that hold the separator`;
    return { place, bad: why };
  }
  return { place, value: Object.fromEntries(columns.slice(0, cells.length).map((name, i) => [name, cells[i]])) };
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
