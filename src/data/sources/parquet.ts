import {
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type SchemaTree,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { DataError } from "../../errors.ts";
import { utf8 } from "./bytes.ts";
import { type Row, rowOf } from "./row.ts";

const ROWS_AT_ONCE = 10_000; // limits the memory for a huge row group

const SUBJECT = { trial: "parquet", engine: "the Parquet reader", version: `${config.imports.hyparquet} 1` };

/**
 * Rows of a Parquet file, read ten thousand at a time, row group by row group. A new file is read once in a process of its
 * own before: lengths that lie would fill the memory or never end.
 */
export async function* readParquet(path: string): AsyncGenerator<Row> {
  const file = await guarded(path, () => asyncBufferFromFile(path));
  const metadata = await guarded(path, () => parquetMetadataAsync(file));
  const rows = Number(metadata.num_rows);
  for (let start = 0; start < rows; start += ROWS_AT_ONCE) {
    const end = Math.min(rows, start + ROWS_AT_ONCE);
    const read = () => parquetReadObjects({ file, metadata, utf8: false, compressors, rowStart: start, rowEnd: end });
    const values = await guarded(path, read);
    for (const [i, value] of values.entries()) yield rowOf(plain(value), `${path}, row ${start + i + 1}`);
  }
}

/** The paths of the columns that hold values. */
function leaves({ children, path }: SchemaTree): string[] {
  return children.length === 0 ? [path.join("\0")] : children.flatMap(leaves);
}

function columnsOf({ columns }: Pick<FileMetaData["row_groups"][number], "columns">): (string | undefined)[] {
  return columns.map(({ meta_data }) => meta_data?.path_in_schema?.join("\0"));
}

async function guarded<T>(path: string, place: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw damaged(path, place, `its reader says ${quoted((error as Error).message)}`);
  }
}

/**
 * A value as a JSON file would hold it: bytes that are UTF-8 as text, since old writers mark no text as such, and 64-bit
 * integers as numbers, or as text where a number would not be exact.
 */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Uint8Array) return utf8(value) ?? value;
  if (typeof value !== "object" || value === null || value instanceof Date || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
}
