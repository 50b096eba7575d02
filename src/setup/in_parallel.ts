/** Runs `work` on all items, `width` at a time; the first failure stops what has not begun, and is thrown. */
export async function inParallel<T>(items: T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
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
  const ends = await Promise.allSettled(Array.from({ length: width }, lane)); // all: nothing may run on after a failure
  const failed = ends.find((end) => end.status === "rejected");
  if (failed) throw failed.reason;
}
