/** libtorch, the shim and the NVIDIA driver of this machine: finds them and loads them. Knows no tensors. */
export { type Driver, driver, driverCuda, type Gpu, readDriver, runsOn, zeroEnded } from "./driver.ts";
export { findLibtorch, type Libtorch, type Places, places, searchLibtorch } from "./find.ts";
export { compareVersions, exists, minor, OLDEST, read, readLibtorch, stampOf, TESTED } from "./folder.ts";
export { openLibtorch, reasonOf } from "./open.ts";
export { readRecord, recordsOf, type SetupRecord, writeRecord } from "./record.ts";
export { type Environment, isClone, libtorchCache, ownCommand, programRoot } from "./own_folders.ts";
export { userCache, workFolder } from "./own_folders.ts";
export { findShims, loadShim, openShim, type Shim, type ShimPlaces, shimPlaces, shippedVersions } from "./shim.ts";
export { versionOf } from "./shim.ts";
