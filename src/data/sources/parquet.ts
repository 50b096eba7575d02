import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { DataError } from "../../errors.ts";
import { type Row, rowOf } from "./row.ts";

const ROWS_AT_ONCE = 10_000; // limits the memory for a huge row group

/** Rows of a Parquet file, read ten thousand at a time. */
export async function* readParquet(path: string): AsyncGenerator<Row> {
  const file = await guarded(path, () => asyncBufferFromFile(path));
  const metadata = await guarded(path, () => parquetMetadataAsync(file));
  const rows = Number(metadata.num_rows);
  for (let start = 0; start < rows; start += ROWS_AT_ONCE) {
    const end = Math.min(rows, start + ROWS_AT_ONCE);
    const read = () => parquetReadObjects({ file, metadata, compressors, rowStart: start, rowEnd: end });
    const values = await guarded(path, read);
    for (const [i, value] of values.entries()) yield rowOf(plain(value), `${path}, row ${start + i + 1}`);
  }
}

async function guarded<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new DataError(
      `Cannot read "${path}": it is damaged or not a Parquet file (${(error as Error).message}); download it again`,
    );
  }
}

/** 64-bit integers as numbers, so that a row looks like one of a JSON file. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
}
