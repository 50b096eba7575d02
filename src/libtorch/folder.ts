// Whether a folder is a libtorch that ftx can use: its files, its version, its CUDA version.

/** The version that setup fetches, and the newest one that tests run on. */
export const TESTED = "2.13.0";
/** The oldest version that ftx runs on. */
export const OLDEST = "2.11";

/** The versions that ftx accepts, for messages. */
export const RANGE = `libtorch ${OLDEST} to ${minor(TESTED)}`;

/** A libtorch that ftx can use. */
export interface LibtorchFolder {
  /** Its version without the build's suffix: "2.13.0". */
  version: string;
  /** The CUDA version it was built for ("13.0"); absent in a CPU build. */
  cuda?: string;
  /** A sentence if it is newer than the versions ftx is tested with. */
  warning?: string;
}

// Operators.h stands for the headers of ATen, the api folder for those of the C++ front end.
const NEEDED = ["lib/libc10.so", "lib/libtorch_cpu.so", "include/ATen/Operators.h", "include/torch/csrc/api/include"];

/** Reads the libtorch in `root` (the folder with lib/ and include/). A string says why it cannot be used: "does not exist". */
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

/** Size and time of the main library, which change if another libtorch replaces this one. */
export function stampOf(root: string): string {
  const { size, mtime } = Deno.statSync(`${root}/lib/libtorch_cpu.so`);
  return `${size} ${mtime?.toISOString()}`;
}

/** "2.13" of "2.13.0". */
export function minor(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}

/** Below 0 if version `a` is older than `b`, above 0 if it is newer. Parts that `b` lacks count as 0. */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [a, b].map((version) => version.split(".").map(Number));
  return x.map((n, i) => n - (y[i] ?? 0)).find((difference) => difference !== 0) ?? 0;
}

/** Whether there is a file or folder at this path. */
export function exists(path: string): boolean {
  try {
    return Deno.statSync(path) !== undefined;
  } catch {
    return false;
  }
}

/** The text of a file; undefined if it cannot be read. */
export function read(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}
