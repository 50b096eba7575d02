/** A run's folder: its lock, its checkpoints, and the signals that it obeys. Plain files, no tensors. */
export {
  type Checkpoint,
  listCheckpoints,
  newestCheckpoint,
  prune,
  saveCheckpoint,
  type SaveOptions,
} from "./checkpoint.ts";
export { hashFile, replaceFile, writeDurably } from "./durable.ts";
export { checkRun, openRun, type Run, type RunSettings } from "./folder.ts";
export { RunLock } from "./lock.ts";
export { type Facts, type Manifest, verify } from "./manifest.ts";
export { Saver } from "./saver.ts";
export { Signals } from "./signals.ts";
export { demandSpace, freeSpace, neededSpace, reserve } from "./space.ts";
export { removeStale } from "./trash.ts";
export { writeFolder } from "./write_folder.ts";
export { FolderWriter, reviveNumber } from "./writer.ts";
