// libtorch and the shim of this machine: where they are, and how they come into the process. No tensors yet.
export { type Environment, libtorchCache, userCache, workFolder } from "./cache.ts";
export { findLibtorch, type Libtorch, type Places, places, searchLibtorch } from "./find.ts";
export { compareVersions, exists, minor, OLDEST, read, readLibtorch, stampOf, TESTED } from "./folder.ts";
export { openLibtorch, reasonOf } from "./open.ts";
export { readRecord, recordsOf, type SetupRecord, writeRecord } from "./record.ts";
export { isClone, programRoot } from "./root.ts";
export { findShims, loadShim, openShim, type Shim, type ShimPlaces, shimPlaces, shippedVersions } from "./shim.ts";
export { versionOf } from "./shim.ts";
