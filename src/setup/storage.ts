import { StorageError } from "../errors.ts";

/** Runs `work`, which writes into `folder`; a full, read-only or forbidden disk becomes a sentence that ends in `remedy`. */
export async function writing<T>(folder: string, remedy: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const why = {
      ENOSPC: "the disk is full",
      EDQUOT: "the disk quota is used up",
      EROFS: "it is read-only",
      EACCES: "that is not permitted",
    }[
      (error as { code?: string }).code ?? ""
    ];
    throw why ? new StorageError(`Cannot write into "${folder}": ${why}; ${remedy}`) : error;
  }
}
