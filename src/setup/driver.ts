// What the NVIDIA driver says of itself; no tool of NVIDIA's needs to be installed.

/** A CUDA version, [13, 0]. */
export type CudaVersion = readonly [major: number, minor: number];

/** The newest CUDA that the driver of this machine supports; undefined where there is no driver. */
export function driverCuda(library = "libcuda.so.1"): CudaVersion | undefined {
  try {
    const { symbols } = Deno.dlopen(library, { cuDriverGetVersion: { parameters: ["buffer"], result: "i32" } });
    const out = new Int32Array(1);
    return symbols.cuDriverGetVersion(out) === 0 ? ofNumber(out[0]) : undefined;
  } catch {
    return undefined;
  }
}

/** CUDA writes its versions as 1000 × major + 10 × minor. */
function ofNumber(version: number): CudaVersion {
  return [Math.floor(version / 1000), Math.floor(version % 1000 / 10)];
}

/** [13, 0] of "13.0"; undefined for anything else. */
export function cudaVersion(text: string): CudaVersion | undefined {
  const [, major, minor] = text.match(/^(\d+)\.(\d+)/) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor)];
}

/**
 * Whether a build for one CUDA runs on a driver for another: drivers run what is older, and what is newer by a minor version
 * (https://docs.nvidia.com/deploy/cuda-compatibility).
 */
export function runsOn(build: CudaVersion, driver: CudaVersion): boolean {
  return build[0] <= driver[0];
}
