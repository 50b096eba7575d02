// Python's package index, as far as it takes to get libtorch: which files there are, and what they require.
export { PackageIndex } from "./index.ts";
export { Net, NetFailure, type Patience, reason } from "./net.ts";
export { type WheelFile } from "./page.ts";
export { accepts, type Requirement, requirementsOf } from "./requirement.ts";
export { configFiles, type IndexSettings, indexSettings } from "./settings.ts";
export { fitsSystem, wheelNamed } from "./wheel_name.ts";
