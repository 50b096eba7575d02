// The machine: processor, threads, memory, disks.

import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { size } from "../report/format.ts";
import { freeSpace } from "../run/space.ts";
import { availableMemory, groupFolders } from "../tensor/available.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";

const LITTLE_MEMORY = 2 * 2 ** 30, LITTLE_DISK = 5 * 2 ** 30; // bytes; with less, hardly any useful run succeeds

// The instructions that libtorch's kernels use, by their names in /proc/cpuinfo.
const FEATURES: Readonly<Record<string, string>> = {
  avx2: "AVX2",
  avx512f: "AVX-512",
  avx512_bf16: "bf16 (AVX-512)",
  amx_bf16: "bf16 (AMX)",
};

/** The processor, and which of its instructions speed up training. */
export function cpuFinding(info: string = readFileSync("/proc/cpuinfo", "utf8")): Finding {
  const model = info.match(/^model name\s*: (.*)$/m)?.[1] ?? "unknown processor";
  const flags = new Set(info.match(/^(?:flags|Features)\s*: (.*)$/m)?.[1].split(" "));
  const features = Object.entries(FEATURES).filter(([flag]) => flags.has(flag)).map(([, name]) => name);
  const text = `${model}${features.length ? `: ${features.join(", ")}` : ""}`;
  if (Deno.build.arch !== "x86_64" || flags.has("avx2")) return ok("cpu", text, { model, features });
  return warning("cpu", `${text}, without AVX2`, "expect runs on this CPU to be very slow; use a newer one or a GPU", {
    model,
    features,
  });
}

/** The cores of the machine, those that this process may use, and the threads that libtorch would use. */
export function threadsFinding(threads?: number, cores = cpus().length, allowed = allowedCores(cores)): Finding {
  const facts = { cores, allowed, threads };
  const limit = allowed < cores ? `, of which this process may use ${allowed}` : "";
  const text = `${threads === undefined ? "" : `libtorch uses ${threads} threads; `}${cores} cores${limit}`;
  if (threads !== undefined && threads > Math.ceil(allowed)) {
    const remedy = `set OMP_NUM_THREADS=${
      Math.max(1, Math.floor(allowed))
    }: more threads than cores slow each other down`;
    return warning("threads", text, remedy, facts);
  }
  return ok("threads", text, facts);
}

/** The number of cores that the process may use: limited by its affinity and, to fractions such as 2.5, by control groups. */
export function allowedCores(cores: number, bound: number = navigator.hardwareConcurrency, root = ""): number {
  const shares = groupFolders("cpu", root).map((folder) => {
    const [quota, period] = read(`${folder}/cpu.max`)?.split(" ") ??
      [read(`${folder}/cpu.cfs_quota_us`), read(`${folder}/cpu.cfs_period_us`)];
    const share = Number(quota) / Number(period);
    return share > 0 ? share : Infinity; // "max", and -1 in version 1: no limit
  });
  return Math.min(cores, bound, ...shares);
}

/** The memory that runs may use, within the limits of containers. */
export function memoryFinding(available = availableMemory(), total = Deno.systemMemoryInfo().total): Finding {
  const text = `${size(available)} available to this process, the machine has ${size(total)}`;
  if (available >= LITTLE_MEMORY) return ok("memory", text, { available, total });
  const remedy = "close other programs, raise the container's limit, or see with ftx plan how much a run needs";
  return warning("memory", text, remedy, { available, total });
}

/** The free space of these folders, and whether they can be written. A missing folder counts as its parent. */
export function diskFindings(folders: Readonly<Record<string, string>>, free = freeSpace): Finding[] {
  return Object.entries(folders).map(([name, path]) => {
    const there = nearest(path), facts = { path };
    try {
      using probe = tryWriting(there);
      const bytes = free(probe.folder), text = `${size(bytes)} free in "${path}"`;
      if (bytes >= LITTLE_DISK) return ok(name, text, { ...facts, free: bytes });
      return warning(name, text, "free some space: models and checkpoints take gigabytes", { ...facts, free: bytes });
    } catch (error) {
      const why = (error as Error).message.split("\n")[0].replace(/^(.*?)(: \w+ "?[/].*)?$/, "$1");
      if (name === "folder") {
        return warning(name, `"${path}" cannot be written (${why})`, "give runs another --output-dir", facts);
      }
      return problem(
        name,
        `"${path}" cannot be written (${why})`,
        "set XDG_CACHE_HOME to a folder that you may write",
        facts,
      );
    }
  });
}

function nearest(path: string): string {
  try {
    Deno.statSync(path);
    return path;
  } catch {
    const above = path.slice(0, path.lastIndexOf("/"));
    return above === path || above === "" ? "/" : nearest(above);
  }
}

/** Writes a file that is removed on disposal: permissions alone do not reveal read-only disks and quotas. */
function tryWriting(folder: string): Disposable & { folder: string } {
  const path = Deno.makeTempFileSync({ dir: folder, prefix: ".ftx-doctor-" });
  return { folder, [Symbol.dispose]: () => Deno.removeSync(path) };
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}
