// Which wheels make a libtorch: the torch of the right build, and of what it requires NVIDIA's libraries.

import { compare, rcompare } from "@renovatebot/pep440";
import { FtxError } from "../errors.ts";
import { type CudaVersion, cudaVersion, runsOn } from "./driver.ts";
import { accepts, fitsSystem, type Requirement, requirementsOf, type WheelFile } from "./index/mod.ts";

/** Which libtorch is wanted. */
export interface Wish {
  version: string;
  gpu: boolean;
  /** The CUDA of this machine's driver; undefined when there is none, and any build will do. */
  driver?: CudaVersion;
}

/** What choosing asks of the package index. */
export interface Shop {
  wheels(project: string): Promise<WheelFile[]>;
  /** A wheel's METADATA. */
  metadata(file: WheelFile): Promise<string>;
}

/** A chosen torch, and what it requires. */
export interface Torch {
  file: WheelFile;
  /** The CUDA version that it was built for; undefined for a CPU build. */
  cuda?: CudaVersion;
  needs: Requirement[];
}

/**
 * The best torch for the wish. On a CPU that is the CPU build, else any other, whose CPU half does; on a GPU the build for the
 * newest CUDA that the driver runs. Throws an `FtxError` that says what there is when none fits.
 */
export async function chooseTorch(wish: Wish, shop: Shop): Promise<Torch> {
  const { version, gpu, driver } = wish;
  const all = (await shop.wheels("torch")).filter((file) => fitsSystem(file));
  const files = oneOfEach(all.filter((file) => file.version === version));
  if (files.length === 0) throw cannot(version, `the package index has ${versionsOf(all)}`, REMEDY);
  if (!gpu) return await known(files.sort((a, b) => rankOnCpu(a) - rankOnCpu(b))[0], shop);
  const builds = await Promise.all(
    files.filter(({ build }) => /^(cu\d+)?$/.test(build)).map((file) => known(file, shop)),
  );
  const fitting = builds.filter(({ cuda }) => cuda && (!driver || runsOn(cuda, driver)));
  if (fitting.length) return fitting.sort((a, b) => rankOnGpu(b, driver) - rankOnGpu(a, driver))[0];
  const there = builds.flatMap(({ cuda }) => cuda ? [`CUDA ${cuda.join(".")}`] : []);
  if (!driver || there.length === 0) throw cannot(version, "the package index has only CPU builds", REMEDY);
  throw cannot(
    version,
    `the NVIDIA driver supports CUDA ${driver.join(".")}, and the package index has builds for ${
      there.join(", ")
    } only`,
    `update the driver, take the CPU build with --cpu, or add an index with a build for CUDA ${
      driver[0]
    } to PIP_EXTRA_INDEX_URL`,
  );
}

const REMEDY = "name another index with --index-url, or set FTX_LIBTORCH to a libtorch of yours";

/** One file of each build: they differ only in the Python that they are for. */
function oneOfEach(files: WheelFile[]): WheelFile[] {
  return [...new Map(files.toReversed().map((file) => [file.build, file])).values()];
}

async function known(file: WheelFile, shop: Shop): Promise<Torch> {
  if (file.build === "cpu") return { file, needs: [] };
  const needs = requirementsOf(await shop.metadata(file)).filter(isNvidias);
  return { file, cuda: cudaOf(file, needs), needs };
}

function cudaOf({ build }: WheelFile, needs: Requirement[]): CudaVersion | undefined {
  const [, major, minor] = build.match(/^cu(\d+)(\d)$/) ?? [];
  if (major) return [Number(major), Number(minor)];
  const runtime = needs.find(({ project }) => /^(cuda-toolkit|nvidia-cuda-runtime.*)$/.test(project));
  return runtime && cudaVersion(runtime.versions.replace(/^==\s*/, ""));
}

function rankOnCpu({ build }: WheelFile): number {
  return ["cpu", ""].indexOf(build) + 1 || 3; // the build without a name is better tested than one for some CUDA
}

/** The newest CUDA that the driver knows; what it only runs, being newer by a minor version, comes after. */
function rankOnGpu({ cuda = [0, 0] }: Torch, driver?: CudaVersion): number {
  const rank = 1000 * cuda[0] + cuda[1];
  return driver && rank > 1000 * driver[0] + driver[1] ? -rank : rank;
}

function isNvidias({ project }: Requirement): boolean {
  return project === "cuda-toolkit" || project.startsWith("nvidia-");
}

/**
 * What of a torch's requirements must lie beside it. The CPU half of a CUDA build alone asks for two small libraries (cudart,
 * cupti), so a machine without a GPU whose index has no CPU build does with those.
 */
export function nvidiaOf({ needs }: Torch, gpu: boolean): Requirement[] {
  if (gpu) return needs;
  return needs.flatMap((need) => {
    if (need.project === "cuda-toolkit") return [{ ...need, extras: ["cudart", "cupti"] }];
    return /^nvidia-cuda-(runtime|cupti)/.test(need.project) ? [need] : [];
  });
}

/** The wheels that meet these requirements, and those that they in turn require of NVIDIA's. */
export async function resolve(requirements: Requirement[], shop: Shop): Promise<WheelFile[]> {
  const wanted = new Map<string, { versions: Set<string>; extras: Set<string> }>();
  const chosen = new Map<string, { file: WheelFile; met: number }>();
  const want = ({ project, versions, extras }: Requirement) => {
    const all = wanted.get(project) ?? { versions: new Set(), extras: new Set() };
    wanted.set(project, all);
    if (versions) all.versions.add(versions);
    extras.forEach((extra) => all.extras.add(extra));
  };
  requirements.forEach(want);
  const sizeOf = (project: string) => wanted.get(project)!.versions.size + wanted.get(project)!.extras.size;
  for (;;) {
    const open = [...wanted.keys()].filter((project) => chosen.get(project)?.met !== sizeOf(project));
    // Exact versions first: what comes after them need not be chosen twice.
    const project = open.find((one) => [...wanted.get(one)!.versions].some((text) => text.startsWith("=="))) ?? open[0];
    if (project === undefined) return [...chosen.values()].map(({ file }) => file);
    const { versions, extras } = wanted.get(project)!, met = sizeOf(project);
    const file = best(await shop.wheels(project), [...versions]);
    if (!file) {
      const text = [project, ...[...versions]].join(" ");
      throw new FtxError(
        `Cannot fetch what libtorch requires: the package index has no ${text} for this machine; ${REMEDY}`,
      );
    }
    chosen.set(project, { file, met });
    requirementsOf(await shop.metadata(file), [...extras]).filter(isNvidias).forEach(want);
  }
}

function best(files: WheelFile[], versions: string[]): WheelFile | undefined {
  return files.filter((file) => fitsSystem(file) && versions.every((range) => accepts(range, file.version)))
    .sort((a, b) => rcompare(a.version, b.version))[0];
}

function versionsOf(files: WheelFile[]): string {
  const versions = [...new Set(files.map(({ version }) => version))].sort(compare);
  if (versions.length === 0) return "no torch for this machine";
  return `torch ${versions.slice(-5).join(", ")} for this machine, but not this version`;
}

function cannot(version: string, why: string, remedy: string): FtxError {
  return new FtxError(`Cannot fetch libtorch ${version}: ${why}; ${remedy}`);
}
