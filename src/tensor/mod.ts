// Tensors: libtorch's, as small integers with methods, and the rule for when they end.
export * from "./tensor.gen.ts";
export { availableMemory } from "./available.ts";
export { TensorError } from "./base.ts";
export { gradients, noGrad, recordsGraph, withGrad } from "./autograd.ts";
export { openTensors, type ShimMaker } from "./lib.ts";
export { keep, live, scope } from "./scope.ts";
export { BYTES, type Device, DTYPE, type DType } from "./dtype.ts";
export { capability, cudaDevices, Mark, pickDevice, synchronize } from "./device.ts";
export { dryDevice, DryRun, type Kind, KINDS, type Peak } from "./dry.ts";
export { type Driver, driver, type Gpu } from "../libtorch/mod.ts";
export {
  type DeviceMemory,
  fastFloat32,
  float32Products,
  from,
  type GpuMemory,
  gpuMemory,
  hasAttention,
  hostTensor,
  manualSeed,
  memory,
  pinnedTensor,
  randomState,
  readInto,
  resetPeak,
  schemaOf,
  setMemoryLimit,
  setRandomState,
  shimVersion,
  threads,
  trim,
} from "./runtime.ts";
