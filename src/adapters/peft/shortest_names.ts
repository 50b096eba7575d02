/** The shortest ends of names that distinguish the targets from all other modules. */
export function shortestNames(targets: string[], paths: string[]): string[] {
  const ends = (path: string) => path.split(".").map((_, i, parts) => parts.slice(parts.length - 1 - i).join("."));
  const dotted = targets.map((name) => `.${name}`);
  const chosen = new Set(targets);
  const others = paths.filter((path) => !chosen.has(path) && !dotted.some((end) => path.endsWith(end)));
  const taken = new Set(others.flatMap(ends));
  const needed = new Set<string>();
  // In PEFT's order, to choose the same names: by the list of ends, shortest first.
  const sorted = [...chosen].sort((a, b) => compareLists(ends(a), ends(b)));
  for (const target of sorted) {
    if ([...needed].some((end) => target.endsWith(`.${end}`))) continue;
    const end = ends(target).find((end) => !needed.has(end) && !taken.has(end));
    if (end !== undefined) needed.add(end);
  }
  return needed.size ? [...needed] : targets;
}

function compareLists(a: string[], b: string[]): number {
  const at = a.findIndex((part, i) => part !== b[i]);
  if (at < 0) return a.length - b.length;
  return b[at] === undefined || a[at] > b[at] ? 1 : -1;
}
