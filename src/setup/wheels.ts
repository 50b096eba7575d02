// The wheels that make up a libtorch. Their names and checksums come with ftx (wheels.json, made by tools/lock_wheels.ts), so
// that every setup installs the same files; the package index only says where they are.

import { FtxError } from "../errors.ts";
import { compareVersions, runsOn } from "../libtorch/mod.ts";
import lock from "./wheels.json" with { type: "json" };

/** A wheel: a zip of libraries. */
export interface Wheel {
  /** The project, spelled as in the addresses of an index: "nvidia-cudnn-cu13". */
  readonly project: string;
  /** The name of the file. */
  readonly file: string;
  /** In hexadecimal. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
}

/** A libtorch: the wheel of torch, then those of the NVIDIA libraries that it needs beside it. */
export interface Build {
  /** "2.13.0". */
  readonly version: string;
  /** The processor: "x86_64" or "aarch64". */
  readonly arch: string;
  /** The CUDA version it was built for, "13.0"; absent in a CPU build. */
  readonly cuda?: string;
  readonly wheels: readonly Wheel[];
}

/** The libtorch that setup is to fetch. */
export interface Wish {
  version: string;
  gpu: boolean;
  /** The newest CUDA version of this machine's driver; undefined where there is none, and any build will do. */
  driver?: string;
}

/** Every build that ftx can fetch. */
export const BUILDS: readonly Build[] = lock.builds;

/**
 * The builds that meet the wish, best first. On a CPU that is the CPU build, then the CPU half of any other; on a GPU the
 * build for the newest CUDA version that the driver supports, then others that it runs.
 *
 * @throws {FtxError} There is none; the sentence says what there is.
 */
export function buildsFor({ version, gpu, driver }: Wish, all = BUILDS, arch: string = Deno.build.arch): Build[] {
  const here = all.filter((build) => build.arch === arch);
  const builds = here.filter((build) => build.version === version);
  if (builds.length === 0) throw unknownVersion(version, here);
  const withCuda = builds.filter(({ cuda }) => cuda !== undefined);
  if (!gpu) return [...builds.filter(({ cuda }) => cuda === undefined), ...withCuda.map(cpuHalf)];
  const fitting = withCuda.filter(({ cuda }) => driver === undefined || runsOn(cuda!, driver));
  if (fitting.length > 0) return fitting.sort((a, b) => rank(b.cuda!, driver) - rank(a.cuda!, driver));
  throw new FtxError(
    `Cannot fetch libtorch ${version}: the NVIDIA driver supports CUDA ${driver}, and ftx has builds for CUDA ` +
      `${withCuda.map(({ cuda }) => cuda).join(", ")} only; update the driver, take the CPU build with --cpu, or set ` +
      `FTX_LIBTORCH to a libtorch for CUDA ${parseInt(driver!)}`,
  );
}

/** What the CPU half of a CUDA build needs: of NVIDIA's libraries it only loads two small ones. */
function cpuHalf(build: Build): Build {
  const isSmall = ({ project }: Wheel) => /^(torch|nvidia-cuda-(runtime|cupti)(-cu\d+)?)$/.test(project);
  return { ...build, wheels: build.wheels.filter(isSmall) };
}

/** The newest version that the driver supports first; a newer minor version, which it only runs, last. */
function rank(cuda: string, driver = cuda): number {
  const [major, minor] = cuda.split(".").map(Number), number = 1000 * major + minor;
  return compareVersions(cuda, driver) > 0 ? -number : number;
}

function unknownVersion(version: string, builds: readonly Build[]): FtxError {
  const known = [...new Set(builds.map((build) => build.version))].sort(compareVersions);
  const [why, remedy] = known.length === 0
    ? ["ftx has no builds for this processor", ""]
    : [`ftx has the checksums of ${known.join(", ")} only`, "choose one of these with --libtorch-version, or "];
  return new FtxError(`Cannot fetch libtorch ${version}: ${why}; ${remedy}set FTX_LIBTORCH to a libtorch of yours`);
}
