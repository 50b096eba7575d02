import { DataError } from "../../errors.ts";
import { readTried } from "./parquet.ts";

/** The trial of a Parquet file, in a process of its own: reads all of it. What is refused in words is so where it is used. */
export async function trial({ path }: { path: string }): Promise<undefined> {
  try {
    for await (const _ of readTried(path));
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
  }
}
