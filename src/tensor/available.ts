import { readFileSync } from "node:fs";

/**
 * Bytes of memory that this process may still take before the kernel kills one: what the machine has left, or what the
 * limits of its control groups (containers, Slurm, systemd) leave, whichever is less. `root` is for tests.
 */
export function availableMemory(machine = Deno.systemMemoryInfo().available, root = ""): number {
  return Math.max(0, Math.min(machine, ...groupFolders("memory", root).map((folder) => leftIn(folder))));
}

/** Folders of the control groups that rule this process's memory or cores, of both versions, up to the outermost. */
export function groupFolders(controller: "memory" | "cpu", root = ""): string[] {
  const lines = (read(`${root}/proc/self/cgroup`) ?? "").trim().split("\n").map((line) => line.split(":"));
  const found = lines.flatMap(([, controllers = "", path = ""]) => {
    const mount = controllers === ""
      ? `${root}/sys/fs/cgroup`
      : controllers.split(",").includes(controller)
      ? `${root}/sys/fs/cgroup/${controller}`
      : undefined;
    if (mount === undefined) return [];
    const parts = path.split("/").filter((part) => part !== "");
    return parts.map((_, i) => [mount, ...parts.slice(0, parts.length - i)].join("/")).concat(mount);
  });
  return [...new Set(found)];
}

/** What a group's limit leaves. File pages that nobody uses are given up before a process is killed, so they are free. */
function leftIn(folder: string): number {
  const number = (name: string) => Number(read(`${folder}/${name}`) ?? NaN);
  const [limit, used] = [
    [number("memory.max"), number("memory.current")],
    [number("memory.limit_in_bytes"), number("memory.usage_in_bytes")],
  ].find(([limit]) => Number.isFinite(limit)) ?? []; // "max" means no limit
  if (limit === undefined || used === undefined || Number.isNaN(used)) return Infinity;
  const pages = read(`${folder}/memory.stat`)?.match(/^(?:total_)?inactive_file (\d+)$/m)?.[1] ?? 0;
  return limit - used + Number(pages);
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
