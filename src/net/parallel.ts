/**
 * Runs `work` on all items, `width` at a time. After a failure no further item is begun; it is thrown once the items that
 * were begun have ended.
 *
 * @example
 * ```ts
 * await parallel(files, 4, (file) => Deno.remove(file));
 * ```
 */
export async function parallel<T>(
  items: Iterable<T>,
  width: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const queue = [...items];
  const lane = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      try {
        await work(item);
      } catch (error) {
        queue.length = 0;
        throw error;
      }
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: Math.min(width, queue.length) }, lane));
  const failed = ends.find((end) => end.status === "rejected");
  if (failed) throw failed.reason;
}
