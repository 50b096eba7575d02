// The computer around the runs: processor, threads, memory, disks.

import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { size } from "../report/format.ts";
import { freeSpace } from "../run/space.ts";
import { availableMemory, groupFolders } from "../tensor/available.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";

const LITTLE_MEMORY = 2 * 2 ** 30, LITTLE_DISK = 5 * 2 ** 30; // bytes: below, hardly a run of use ends well

// What libtorch's kernels look for, by the names of /proc/cpuinfo.
const FEATURES: Readonly<Record<string, string>> = {
  avx2: "AVX2",
  avx512f: "AVX-512",
  avx512_bf16: "bf16 (AVX-512)",
  amx_bf16: "bf16 (AMX)",
};

/** The processor, and the instructions it has for training. */
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

/** Cores of the machine, cores this process may use, and the threads libtorch would take. */
export function threadsFinding(threads?: number, cores = cpus().length, allowed = allowedCores(cores)): Finding {
  const facts = { cores, allowed, threads };
  const limit = allowed < cores ? `, of which this process may use ${allowed}` : "";
  const text = `${threads === undefined ? "" : `libtorch takes ${threads} threads; `}${cores} cores${limit}`;
  if (threads !== undefined && threads > Math.ceil(allowed)) {
    const remedy = `set OMP_NUM_THREADS=${
      Math.max(1, Math.floor(allowed))
    }: more threads than cores slow each other down`;
    return warning("threads", text, remedy, facts);
  }
  return ok("threads", text, facts);
}

/** Cores that the process may use: those it is bound to, or the share that its control groups leave, 2.5 of them. */
export function allowedCores(cores: number, bound: number = navigator.hardwareConcurrency, root = ""): number {
  const shares = groupFolders("cpu", root).map((folder) => {
    const [quota, period] = read(`${folder}/cpu.max`)?.split(" ") ??
      [read(`${folder}/cpu.cfs_quota_us`), read(`${folder}/cpu.cfs_period_us`)];
    const share = Number(quota) / Number(period);
    return share > 0 ? share : Infinity; // "max", and -1 in version 1: no limit
  });
  return Math.min(cores, bound, ...shares);
}

/** Memory that runs may take, within the limits of containers. */
export function memoryFinding(available = availableMemory(), total = Deno.systemMemoryInfo().total): Finding {
  const text = `${size(available)} available to this process, the machine has ${size(total)}`;
  if (available >= LITTLE_MEMORY) return ok("memory", text, { available, total });
  const remedy = "end other programs, raise the container's limit, or see ftx plan for what a run takes";
  return warning("memory", text, remedy, { available, total });
}

/** Room on the disks of these folders, and whether they may be written. A folder that is not there yet counts as its parent. */
export function diskFindings(folders: Readonly<Record<string, string>>, free = freeSpace): Finding[] {
  return Object.entries(folders).map(([name, path]) => {
    const there = nearest(path), facts = { path };
    try {
      using probe = tryWriting(there);
      const bytes = free(probe.folder), text = `${size(bytes)} free in "${path}"`;
      if (bytes >= LITTLE_DISK) return ok(name, text, { ...facts, free: bytes });
      return warning(name, text, "make room: models and checkpoints take gigabytes", { ...facts, free: bytes });
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

/** A file is written and removed: permissions alone do not tell of read-only disks and quotas. */
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
