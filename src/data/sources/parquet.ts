import {
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type SchemaTree,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { realpathSync, statSync } from "node:fs";
import config from "../../../deno.json" with { type: "json" };
import { DataError, quoted } from "../../errors.ts";
import { tryOut } from "../../trial/mod.ts";
import { utf8 } from "./bytes.ts";
import { type Row, rowOf } from "./row.ts";

const ROWS_AT_ONCE = 10_000; // limits the memory for a huge row group

const SUBJECT = { trial: "parquet", engine: "the Parquet reader", version: `${config.imports.hyparquet} 1` };

/**
 * Rows of a Parquet file, read ten thousand at a time, row group by row group. A new file is read once in a process of its
 * own before: lengths that lie would fill the memory or never end.
 */
export async function* readParquet(path: string): AsyncGenerator<Row> {
  const { size, mtimeMs, ino } = statSync(path);
  const why = await tryOut(SUBJECT, { path: realpathSync(path), size, mtimeMs, ino }, { bytes: size });
  if (why !== undefined) throw new DataError(`Cannot read "${path}": ${why}; download it again`);
  yield* readTried(path);
}

/** The same, without the trial. */
export async function* readTried(path: string): AsyncGenerator<Row> {
  const file = await guarded(path, "", () => asyncBufferFromFile(path));
  const metadata = await guarded(path, "", () => parquetMetadataAsync(file));
  const columns = await guarded(path, "", () => leaves(parquetSchema(metadata)));
  if (new Set(columns).size < columns.length) throw damaged(path, "", "two of its columns have one name");
  let first = 0; // of the row group
  for (const [group, { num_rows, ...row_group }] of metadata.row_groups.entries()) {
    const end = first + Number(num_rows), place = `, row group ${group + 1}`;
    // The reader waits for the columns of the schema only; what goes wrong in others would end the process.
    if (columnsOf(row_group).join() !== columns.join()) {
      throw damaged(path, place, "its columns are not those of the schema");
    }
    for (let rowStart = first; rowStart < end; rowStart += ROWS_AT_ONCE) {
      const rowEnd = Math.min(end, rowStart + ROWS_AT_ONCE);
      const read = () => parquetReadObjects({ file, metadata, utf8: false, compressors, rowStart, rowEnd });
      const values = await guarded(path, place, read);
      if (values.length !== rowEnd - rowStart) {
        throw damaged(path, place, `it says that it has ${num_rows} rows, and has fewer`);
      }
      for (const [i, value] of values.entries()) yield rowOf(plain(value), `${path}, row ${rowStart + i + 1}`);
    }
    first = end;
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

function damaged(path: string, place: string, why: string): DataError {
  return new DataError(
    `Cannot read "${path}"${place}: it is damaged or not a Parquet file (${why}); download it again`,
  );
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
