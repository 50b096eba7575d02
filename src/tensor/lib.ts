import { findLibtorch, loadShim, openLibtorch } from "../libtorch/mod.ts";
import { SYMBOLS } from "./symbols.gen.ts";

/** The entry points written by hand in ffi/*.cpp; those of the operators are generated. */
const BY_HAND = {
  version: { parameters: ["buffer", "i32"], result: "i32" },
  error: { parameters: ["buffer", "i32"], result: "i32" },
  release: { parameters: ["buffer", "i32"], result: "void" },
  live: { parameters: [], result: "i32" },
  meta: { parameters: ["u32", "buffer"], result: "i32" },
  item: { parameters: ["u32", "buffer"], result: "i32" },
  from: { parameters: ["buffer", "buffer", "i32", "i32"], result: "u32" },
  read: { parameters: ["u32", "buffer", "f64"], result: "i32" },
  memory_of: { parameters: ["u32", "buffer"], result: "i32" },
  requires_grad: { parameters: ["u32", "bool"], result: "i32" },
  wants_grad: { parameters: ["u32"], result: "i32" },
  backward: { parameters: ["u32", "u32"], result: "i32" },
  gradients: { parameters: ["buffer", "i32", "buffer", "i32", "buffer", "i32", "buffer"], result: "i32" },
  grad: { parameters: ["u32"], result: "u32" },
  set_grad: { parameters: ["u32", "u32"], result: "i32" },
  grad_mode: { parameters: ["bool"], result: "bool" },
  manual_seed: { parameters: ["f64"], result: "i32" },
  random_state: { parameters: ["i32"], result: "u32" },
  set_random_state: { parameters: ["i32", "u32"], result: "i32" },
  threads: { parameters: ["i32"], result: "i32" },
  matmul_precision: { parameters: ["buffer"], result: "i32" },
  has_attention: { parameters: ["u32"], result: "i32" },
  cuda_devices: { parameters: [], result: "i32" },
  schema: { parameters: ["buffer", "buffer", "buffer", "i32"], result: "i32" },
  pread: { parameters: ["buffer", "f64", "pointer", "f64"], result: "f64", nonblocking: true },
  use_arena: { parameters: ["f64"], result: "i32" },
  memory: { parameters: ["buffer"], result: "void" },
  reset_peak: { parameters: [], result: "void" },
  set_memory_limit: { parameters: ["f64"], result: "void" },
  trim: { parameters: [], result: "void" },
  device_memory: { parameters: ["i32", "buffer"], result: "i32" },
  device_reset_peak: { parameters: ["i32"], result: "i32" },
  device_trim: { parameters: [], result: "i32" },
  device_synchronize: { parameters: ["i32"], result: "i32" },
  pinned: { parameters: ["buffer", "i32", "i32"], result: "u32" },
  mark: { parameters: [], result: "i32" },
  mark_here: { parameters: ["i32", "i32"], result: "i32" },
  mark_wait: { parameters: ["i32"], result: "i32" },
  mark_end: { parameters: ["i32"], result: "void" },
} as const;

type Named<T> = { [K in keyof T]: T[K] & { name: string } };
const named = <T extends Record<string, object>>(table: T) =>
  Object.fromEntries(Object.entries(table).map(([k, v]) => [k, { name: `ftx_${k}`, ...v }])) as Named<T>;

const libtorch = findLibtorch();
/** Whether libtorch's CUDA half is loaded, and if not, why. */
export const half = openLibtorch(libtorch.root);
const { library } = await loadShim(libtorch, named({ ...BY_HAND, ...SYMBOLS }), async (...missing) => {
  const { ownShim } = await import("../setup/own_shim.ts"); // rarely needed, and brings a compiler's driver
  return ownShim(...missing);
});
export const C = library.symbols;
C.use_arena(0); // before the first tensor: its memory would be freed by another allocator
