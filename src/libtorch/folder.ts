// Whether a folder holds a libtorch that ftx can use: its files, its version, its CUDA version.

/** The libtorch that setup fetches, and the newest one that tests run on. */
export const TESTED = "2.13.0";
/** The oldest version that ftx runs on. */
export const OLDEST = "2.11";

/** What ftx accepts, to be read aloud. */
export const RANGE = `libtorch ${OLDEST} to ${minor(TESTED)}`;

/** What a folder that fits says of itself. */
export interface LibtorchFolder {
  /** Its version without the build's suffix: "2.13.0". */
  version: string;
  /** The CUDA version it was built for ("13.0"); absent in a CPU build. */
  cuda?: string;
  /** A sentence when it is newer than what ftx is tested on. */
  warning?: string;
}

// Operators.h stands for ATen's headers, the api folder for the C++ front end's.
const NEEDED = ["lib/libc10.so", "lib/libtorch_cpu.so", "include/ATen/Operators.h", "include/torch/csrc/api/include"];

/** Reads what `root` (the folder that holds lib/ and include/) says of itself; a string says why it cannot be used. */
export function readLibtorch(root: string): LibtorchFolder | string {
  if (!exists(root)) return "does not exist";
  const missing = NEEDED.find((path) => !exists(`${root}/${path}`));
  if (missing) return `has no ${missing}`;
  const wheel = read(`${root}/version.py`);
  const full = wheel?.match(/^__version__ = '([^']+)'/m)?.[1] ?? read(`${root}/build-version`)?.trim(); // 2.13.0+cu130
  if (!full) return "has neither version.py nor build-version";
  const version = full.match(/^\d+\.\d+\.\d+/)?.[0] ?? full;
  if (compareVersions(version, OLDEST) < 0) return `is version ${version}, older than ${OLDEST}`;
  const cuda = wheel?.match(/^cuda\b.*= '([\d.]+)'/m)?.[1] ?? full.match(/\+cu(\d+)(\d)$/)?.slice(1).join(".");
  return {
    version,
    ...exists(`${root}/lib/libtorch_cuda.so`) && { cuda: cuda ?? "unknown" },
    ...compareVersions(minor(version), minor(TESTED)) > 0 && {
      warning: `libtorch ${version} is newer than ${minor(TESTED)}: ftx is not tested with it`,
    },
  };
}

/** Size and time of the main library: they change when another libtorch takes the place of this one. */
export function stampOf(root: string): string {
  const { size, mtime } = Deno.statSync(`${root}/lib/libtorch_cpu.so`);
  return `${size} ${mtime?.toISOString()}`;
}

/** "2.13" of "2.13.0". */
export function minor(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}

/** Below 0 when version `a` is older than `b`; parts that `b` lacks count as 0. */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [a, b].map((version) => version.split(".").map(Number));
  return x.map((n, i) => n - (y[i] ?? 0)).find((difference) => difference !== 0) ?? 0;
}

/** Whether there is a file or folder of this name. */
export function exists(path: string): boolean {
  try {
    return Deno.statSync(path) !== undefined;
  } catch {
    return false;
  }
}

/** A small text file; undefined when it cannot be read. */
export function read(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}
