/**
 * Named points at which a test kills the process: `FTX_CRASH_AT=before-rename`, or `FTX_CRASH_AT=piece:3` for the third
 * time. SIGKILL, because nothing may clean up afterwards.
 */
const [point, count = "1"] = (Deno.env.get("FTX_CRASH_AT") ?? "").split(":");
let left = Number(count);

/** Every point, in the order in which a save passes them. */
export const CRASH_POINTS = [
  "before-folder",
  "after-folder",
  "file-opened",
  "piece",
  "before-file-sync",
  "after-file-sync",
  "before-manifest",
  "before-folder-sync",
  "before-rename",
  "file-renamed",
  "after-rename",
  "after-parent-sync",
  "before-trash",
  "after-trash",
  "trash-half-deleted",
  "clean-up",
] as const;

/** Kills the process if `FTX_CRASH_AT` names this point. */
export function crashPoint(name: typeof CRASH_POINTS[number]): void {
  if (name === point && --left === 0) Deno.kill(Deno.pid, "SIGKILL");
}
