import { cannotUse } from "./patterns.ts";
import type { AdaptedModule } from "./targets.ts";

/**
 * The modules that `modules_to_save` names, as PEFT finds them: every one whose path ends with a name, dot or not (`norm` is
 * every norm), and the names that no path ends with.
 *
 * @param branches the layers with a branch, by path
 * @throws {CheckpointError} One of them cannot be trained whole: a list, a layer with a branch, a module that holds one.
 */
export function savedPaths(
  modules: readonly AdaptedModule[],
  names: readonly string[],
  branches: ReadonlyMap<string, unknown>,
): { paths: string[]; idle: string[] } {
  const wanted = new Set(names), reached = new Set<string>();
  const paths = modules.filter(({ path, kind }) => {
    const found = [...path].map((_, i) => path.slice(i)).filter((end) => wanted.has(end));
    if (found.length === 0) return false;
    const inside = [...branches.keys()].find((branch) => branch === path || branch.startsWith(`${path}.`));
    const why = kind === "list"
      ? "is a list of blocks"
      : inside && `is to be trained whole, but "${inside}" has a branch`;
    if (why) throw cannotUse("modules_to_save", `"${path}", which ends with "${found[0]}", ${why}`);
    found.forEach((name) => reached.add(name));
    return true;
  }).map(({ path }) => path);
  return { paths, idle: names.filter((name) => !reached.has(name)) };
}

/** Those of the paths that lie in no other. PEFT cannot load an adapter that saves a module and a part of it by two names. */
export function outermostPaths(paths: readonly string[]): string[] {
  const all = new Set(paths);
  return paths.filter((path) => !path.split(".").some((_, i, parts) => i > 0 && all.has(parts.slice(0, i).join("."))));
}
