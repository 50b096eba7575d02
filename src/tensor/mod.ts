// Tensors: libtorch's, as small integers with methods, and the rule for when they end.
export * from "./tensor.gen.ts";
export { availableMemory } from "./available.ts";
export { TensorError } from "./base.ts";
export { gradients, noGrad, withGrad } from "./autograd.ts";
export { keep, live, scope } from "./scope.ts";
export { BYTES, type Device, DTYPE, type DType } from "./dtype.ts";
export {
  cudaDevices,
  fastFloat32,
  from,
  hasAttention,
  hostTensor,
  manualSeed,
  memory,
  pickDevice,
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
