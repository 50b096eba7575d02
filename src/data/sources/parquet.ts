import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { DataError, quoted } from "../../errors.ts";
import { type Row, rowOf } from "./row.ts";

const ROWS_AT_ONCE = 10_000; // limits the memory for a huge row group

/** Rows of a Parquet file, read ten thousand at a time, row group by row group. */
export async function* readParquet(path: string): AsyncGenerator<Row> {
  const file = await guarded(path, "", () => asyncBufferFromFile(path));
  const metadata = await guarded(path, "", () => parquetMetadataAsync(file));
  let first = 0; // of the row group
  for (const [group, { num_rows }] of metadata.row_groups.entries()) {
    const end = first + Number(num_rows), place = `, row group ${group + 1}`;
    for (let rowStart = first; rowStart < end; rowStart += ROWS_AT_ONCE) {
      const rowEnd = Math.min(end, rowStart + ROWS_AT_ONCE);
      const read = () => parquetReadObjects({ file, metadata, compressors, rowStart, rowEnd });
      const values = await guarded(path, place, read);
      if (values.length !== rowEnd - rowStart) {
        throw damaged(path, place, `it says that it has ${num_rows} rows, and has fewer`);
      }
      for (const [i, value] of values.entries()) yield rowOf(plain(value), `${path}, row ${rowStart + i + 1}`);
    }
    first = end;
  }
}

async function guarded<T>(path: string, place: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw damaged(path, place, `its reader says ${quoted((error as Error).message)}`);
  }
}

function damaged(path: string, place: string, why: string): DataError {
  return new DataError(
    `Cannot read "${path}"${place}: it is damaged or not a Parquet file (${why}); download it again`,
  );
}

/** 64-bit integers as numbers, so that a row looks like one of a JSON file. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
}
