/** The element types of tensors, by the numbers that libtorch gives them. */
export const DTYPE = {
  u8: 0,
  i8: 1,
  i16: 2,
  i32: 3,
  i64: 4,
  f16: 5,
  f32: 6,
  f64: 7,
  bool: 11,
  bf16: 15,
} as const;
export type DType = keyof typeof DTYPE;

const NAMES = Object.fromEntries(Object.entries(DTYPE).map(([name, code]) => [code, name])) as Record<number, DType>;
export const dtypeName = (code: number): DType => NAMES[code] ?? `type ${code}` as DType;

/** Bytes of one element. */
export const BYTES: Record<DType, number> = {
  u8: 1,
  i8: 1,
  i16: 2,
  i32: 4,
  i64: 8,
  f16: 2,
  f32: 4,
  f64: 8,
  bool: 1,
  bf16: 2,
};

/** "cpu", "cuda" (the first GPU) or "cuda:1". */
export type Device = "cpu" | "cuda" | `cuda:${number}`;
export const deviceCode = (d: Device): number => d === "cpu" ? -1 : Number(d.split(":")[1] ?? 0);
