import { EXIT, FtxError } from "../errors.ts";
import { findLibtorch, type Libtorch, loadShim, openLibtorch, type Shim } from "../libtorch/mod.ts";
import { SYMBOLS } from "./symbols.gen.ts";

/** The entry points written by hand in ffi/*.cpp; those of the operators are generated. */
const BY_HAND = {
  version: { parameters: ["buffer", "i32"], result: "i32" },
  error: { parameters: ["buffer", "i32"], result: "i32" },
  results: { parameters: ["buffer"], result: "void" },
  release: { parameters: ["buffer", "i32"], result: "void" },
  live: { parameters: [], result: "i32" },
  meta: { parameters: ["u32", "buffer", "i32"], result: "i32" },
  item: { parameters: ["u32", "buffer"], result: "i32" },
  from: { parameters: ["buffer", "f64", "buffer", "i32", "i32"], result: "u32" },
  read: { parameters: ["u32", "buffer", "f64"], result: "i32" },
  memory_of: { parameters: ["u32", "buffer"], result: "i32" },
  requires_grad: { parameters: ["u32", "bool"], result: "i32" },
  wants_grad: { parameters: ["u32"], result: "i32" },
  backward: { parameters: ["u32", "u32"], result: "i32" },
  gradients: { parameters: ["buffer", "i32", "buffer", "i32", "buffer", "i32", "buffer", "i32"], result: "i32" },
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
  dry_begin: { parameters: ["i32"], result: "i32" },
  dry_end: { parameters: [], result: "void" },
  dry_kind: { parameters: ["i32"], result: "f64" },
  dry_turn: { parameters: ["u32", "i32"], result: "i32" },
  dry_figures: { parameters: ["buffer"], result: "void" },
  dry_reset: { parameters: [], result: "void" },
  mark: { parameters: [], result: "i32" },
  mark_here: { parameters: ["i32", "i32"], result: "i32" },
  mark_wait: { parameters: ["i32"], result: "i32" },
  mark_end: { parameters: ["i32"], result: "void" },
} as const;

type Named<T> = { [K in keyof T]: T[K] & { name: string } };
const named = <T extends Record<string, object>>(table: T) =>
  Object.fromEntries(Object.entries(table).map(([k, v]) => [k, { name: `ftx_${k}`, ...v }])) as Named<T>;

const table = named({ ...BY_HAND, ...SYMBOLS });
type EntryPoints = Deno.DynamicLibrary<typeof table>["symbols"];

const notOpen = () => new FtxError("Cannot use tensors: libtorch is not loaded; await openTensors() first", EXIT.bug);
/** The shim's entry points; before `openTensors`, using any of them throws. */
export let C = new Proxy({} as EntryPoints, {
  get() {
    throw notOpen();
  },
});

/** Makes a shim for this libtorch when no existing one works; `passedOver` says why each of those does not. */
export type ShimMaker = (libtorch: Libtorch, passedOver: string[]) => Promise<Shim>;

let half: ReturnType<typeof openLibtorch> | undefined;
let opening: Promise<void> | undefined;

/**
 * Loads libtorch and its shim into the process: once, before the first tensor. Later calls wait for the first.
 *
 * @throws {FtxError} There is no libtorch, or no shim for it.
 */
export function openTensors(makeShim: ShimMaker): Promise<void> {
  return opening ??= open(makeShim);
}

async function open(makeShim: ShimMaker) {
  const libtorch = findLibtorch();
  half = openLibtorch(libtorch.root);
  const { library } = await loadShim(libtorch, table, makeShim);
  library.symbols.use_arena(0); // before the first tensor: its memory would be freed by another allocator
  C = library.symbols;
}

/** Whether libtorch's CUDA half is loaded, and if not, why. */
export function cudaHalf(): ReturnType<typeof openLibtorch> {
  if (!half) throw notOpen();
  return half;
}
