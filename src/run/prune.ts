import { listCheckpoints } from "./checkpoint.ts";
import { takeAway } from "./trash.ts";

/**
 * Removes the oldest checkpoints of a run until `limit` are left. Those of the steps in `keep` (the best, the newest that
 * is known to be whole) stay and count: as in HF Trainer, `limit = 1` with a best that is not the newest leaves two.
 */
export async function prune(folder: string, limit: number, keep: Iterable<number>): Promise<void> {
  const kept = new Set(keep);
  const all = await listCheckpoints(folder);
  let surplus = all.length - limit;
  for (const checkpoint of all.reverse()) {
    if (surplus <= 0) return;
    if (kept.has(checkpoint.step)) continue;
    await takeAway(checkpoint.folder);
    surplus--;
  }
}
