import { FtxError } from "../errors.ts";
import { driver } from "../libtorch/mod.ts";
import { check } from "./base.ts";
import { dryDevice } from "./dry.ts";
import { type Device, deviceCode } from "./dtype.ts";
import { C, cudaHalf } from "./lib.ts";

/** How many GPUs libtorch can use; 0 for a CPU build. */
export const cudaDevices = (): number => Math.max(0, C.cuda_devices());

/** What decides whether a GPU can be used. */
export interface DeviceFacts {
  /** GPUs that libtorch can use. */
  gpus: number;
  /** Whether libtorch has a half for CUDA; where it does not load, why. */
  half: { cuda: boolean; cudaFailure?: string };
  /** The CUDA version that the driver can run, and the GPUs it shows; undefined without a driver. */
  driver?: { cuda: string; gpus: readonly unknown[] };
  /** CUDA_VISIBLE_DEVICES. */
  visible?: string;
}

const factsHere = (): DeviceFacts => ({
  gpus: cudaDevices(),
  half: cudaHalf(),
  driver: driver(),
  visible: Deno.env.get("CUDA_VISIBLE_DEVICES"),
});

/**
 * The device a setting names: "auto" is the first GPU, else the CPU.
 *
 * @throws {FtxError} A GPU is asked for and cannot be used; the sentence says what is missing.
 */
export function pickDevice(name: string, facts: () => DeviceFacts = factsHere): Device {
  if (name === "cpu" || name === dryDevice()) return name as Device;
  if (name === "auto") return facts().gpus > 0 ? "cuda:0" : "cpu";
  const m = name.match(/^cuda(?::(\d+))?$/);
  if (!m) throw new FtxError(`Cannot use device = "${name}": choose auto, cpu, cuda or cuda:N`);
  const index = Number(m[1] ?? 0), here = facts();
  if (index < here.gpus) return `cuda:${index}`;
  throw new FtxError(`Cannot use device = "${name}": ${why(here)}`);
}

/** Why a GPU is not there, and what to do. */
function why({ gpus, half: { cuda, cudaFailure }, driver, visible }: DeviceFacts): string {
  if (gpus === 1) return "there is one GPU, cuda:0; use that";
  if (gpus > 1) return `there are ${gpus} GPUs, cuda:0 to cuda:${gpus - 1}; choose one of them`;
  if (cudaFailure) {
    return `libtorch's CUDA half does not load (${cudaFailure}); ` +
      "install the missing library next to libtorch, or use --device cpu";
  }
  if (!cuda) return "this libtorch is a CPU build; set FTX_LIBTORCH to a CUDA build, or use --device cpu";
  if (!driver) return "no NVIDIA driver is loaded (libcuda.so.1 is not there); install one, or use --device cpu";
  if (driver.gpus.length) {
    return `the driver runs CUDA up to ${driver.cuda}, older than this libtorch needs; ` +
      "update the driver, set FTX_LIBTORCH to a build for an older CUDA, or use --device cpu";
  }
  return visible !== undefined
    ? `the driver shows no GPU with CUDA_VISIBLE_DEVICES = "${visible}"; change it, or use --device cpu`
    : "the driver shows no GPU; look at nvidia-smi, or use --device cpu";
}

/** Compute capability of a GPU, such as 9.0 for Hopper; 0 for a CPU. A GPU of a dry run that is not here has 8.0. */
export function capability(device: Device): number {
  if (device === "cpu") return 0;
  return driver()?.gpus[deviceCode(device)]?.capability ?? (device === dryDevice() ? 8 : 0);
}

/** Waits for everything that was sent to a device; a CPU is never behind. */
export function synchronize(device: Device) {
  if (device !== "cpu") check(C.device_synchronize(deviceCode(device)), "synchronize", []);
}

/** A place in a device's queue of work that can be waited for, without waiting for what comes after. */
export class Mark {
  readonly #slot: number;
  constructor(readonly device: Device) {
    this.#slot = device === "cpu" ? 0 : C.mark();
    if (device !== "cpu") check(this.#slot, "mark", []);
  }
  /** Puts the mark behind all that was sent so far. */
  here() {
    if (this.#slot) check(C.mark_here(this.#slot, deviceCode(this.device)), "mark", []);
  }
  /** Waits until the device has come here. */
  wait() {
    if (this.#slot) check(C.mark_wait(this.#slot), "wait", []);
  }
  [Symbol.dispose]() {
    C.mark_end(this.#slot);
  }
}
