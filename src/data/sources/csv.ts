import { CsvError, parse } from "csv-parse";
import { Readable } from "node:stream";
import { DataError } from "../../errors.ts";
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

function sentence(error: CsvError): string {
  if (error.code === "CSV_QUOTE_NOT_CLOSED") return "a quoted cell is never closed; add the closing quote";
  if (error.code === "CSV_MAX_RECORD_SIZE") return "a row is longer than 32 MiB; look for a missing quote";
  return `${error.message.toLowerCase()}; fix that line`;
}
