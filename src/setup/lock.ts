/**
 * Locks `path` against other processes until the result is disposed; `onWait` is told when another one holds it.
 * The system lets go of the lock when its process dies, however it dies.
 */
export async function lock(path: string, onWait: () => void): Promise<Disposable> {
  const file = await Deno.open(path, { create: true, write: true });
  if (!await file.tryLock(true)) {
    onWait();
    await file.lock(true);
  }
  return file;
}
