/** Bits of one element, by safetensors' name. The order is the writer's: later types come first in a file. */
export const BITS = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const;

/** An element type of safetensors files. libtorch does not have all of them. */
export type SafeDType = keyof typeof BITS;

/** True if `name` is an element type of safetensors; case matters. */
export const isSafeDType = (name: string): name is SafeDType => Object.hasOwn(BITS, name);

/** Bytes of a tensor; a fraction where elements of 4 or 6 bits do not fill the last byte. */
export const bytesOf = (dtype: SafeDType, shape: readonly number[]): number =>
  shape.reduce((count, size) => count * size, 1) * BITS[dtype] / 8;
