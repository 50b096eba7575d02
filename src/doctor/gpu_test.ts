import assert from "node:assert/strict";
import { gpuFindings } from "./gpu.ts";
import type { Driver } from "../libtorch/mod.ts";
import type { LibtorchSeen } from "./libtorch_look.ts";

const H100 = { name: "NVIDIA H100", bytes: 80 * 2 ** 30, capability: 9, pci: "0000:0a:00.0" };
const DRIVER: Driver = { cuda: "13.0", gpus: [H100] };

/** A libtorch of this CUDA, which sees so many GPUs. */
function libtorch(cuda?: string, devices = 1): LibtorchSeen {
  return { libtorch: { root: "/opt/libtorch", version: "2.13.0", why: "", cuda }, cuda: !!cuda, devices };
}

/** "state text -> remedy" of each finding. */
function said(
  driver?: Driver,
  torch: LibtorchSeen | undefined = libtorch("13.0"),
  { version = "580.65.06", free = [79 * 2 ** 30] as (number | undefined)[] } = {},
): string[] {
  return gpuFindings({ seen: { driver, version, free } }, torch)
    .map(({ name, state, text, remedy }) => `${name} ${state}: ${text}${remedy ? ` -> ${remedy}` : ""}`);
}

Deno.test("gpuFindings() holds the driver against the build, and lists the GPUs", () => {
  assert.deepEqual(said(DRIVER), [
    "driver ok: NVIDIA 580.65.06, which supports CUDA 13.0; libtorch is built for CUDA 13.0",
    "cuda:0 ok: NVIDIA H100, 79.0 GiB of 80.0 GiB free, compute capability 9.0",
  ]);
});

Deno.test("gpuFindings() is content with a CPU build where there is no driver", () => {
  assert.deepEqual(said(undefined, libtorch()), ["driver ok: no NVIDIA driver: runs use the CPU"]);
});

Deno.test("gpuFindings() says what to do about a driver, a GPU or a build that is missing", () => {
  assert.deepEqual(said(), [
    "driver warning: no NVIDIA driver, and libtorch is a CUDA build: runs use the CPU -> install the driver, or, in a " +
    "container, start it with its GPUs (--gpus all)",
  ]);
  assert.deepEqual(said({ ...DRIVER, gpus: [] }), [
    "driver warning: NVIDIA 580.65.06, which supports CUDA 13.0, shows no GPU: runs use the CPU -> unset " +
    "CUDA_VISIBLE_DEVICES, or, in a container, start it with its GPUs (--gpus all)",
  ]);
  assert.equal(
    said(DRIVER, libtorch())[0],
    "driver warning: NVIDIA 580.65.06, which supports CUDA 13.0; libtorch is a CPU build and cannot use the GPU -> " +
      'run "ftx setup --cuda"',
  );
});

Deno.test("gpuFindings() says when the driver is too old for the build", () => {
  assert.equal(
    said({ ...DRIVER, cuda: "12.4" }, undefined, { version: "550.54.14" })[0],
    "driver warning: NVIDIA 550.54.14, which supports CUDA 12.4; libtorch is built for CUDA 13.0: runs use the CPU -> " +
      'update the driver, or run "ftx setup --cuda" for a build that it supports',
  );
});

Deno.test("gpuFindings() says when CUDA does not start, and what helps", () => {
  const [waiting] = said({ ...DRIVER, gpus: [], failure: "CUDA_ERROR_SYSTEM_NOT_READY" });
  assert.match(
    waiting,
    /does not start CUDA \(CUDA_ERROR_SYSTEM_NOT_READY\): runs use the CPU -> start NVIDIA's fabric manager/,
  );
  const [mixed, ...rest] = said({ ...DRIVER, failure: "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH" });
  assert.match(mixed, /-> reboot, or reinstall the driver/);
  assert.deepEqual(rest, []);
  const crashed = gpuFindings({ failure: "loading it crashes the process (SIGSEGV)" });
  assert.equal(crashed[0].text, "it does not answer: loading it crashes the process (SIGSEGV)");
});

Deno.test("gpuFindings() says when libtorch still sees no GPU", () => {
  assert.match(said(DRIVER, libtorch("13.0", 0))[0], /^driver warning: .*; libtorch still sees no GPU/);
});

Deno.test("gpuFindings() warns of GPUs that are in use, or too old for the build", () => {
  const old = { ...H100, name: "Tesla V100", capability: 7 };
  const [, first, second] = said({ ...DRIVER, gpus: [H100, old] }, undefined, { free: [10 * 2 ** 30, undefined] });
  assert.match(
    first,
    /^cuda:0 warning: NVIDIA H100, 10\.0 GiB of 80\.0 GiB free, .*: other programs use most of it -> see what/,
  );
  assert.equal(
    second,
    "cuda:1 warning: Tesla V100, 80.0 GiB, compute capability 7.0: too old for libtorch's CUDA 13 -> use --device cpu, " +
      "or a libtorch built for CUDA 12",
  );
  assert.match(said({ ...DRIVER, gpus: [old] }, libtorch("12.6"), { free: [undefined] })[1], /^cuda:0 ok/);
});
