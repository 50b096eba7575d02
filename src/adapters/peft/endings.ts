/** The path, and what follows each of its dots: `a.b.c`, `b.c`, `c`. */
export function endings(path: string): string[] {
  const ends = [path];
  for (let dot = path.indexOf("."); dot >= 0; dot = path.indexOf(".", dot + 1)) ends.push(path.slice(dot + 1));
  return ends;
}

/** The shortest name endings that distinguish the targets from all other modules: PEFT's `_find_minimal_target_modules`. */
export function shortestNames(targets: string[], paths: string[]): string[] {
  const chosen = new Set(targets);
  const others = paths.filter((path) => !endings(path).some((end) => chosen.has(end)));
  const taken = new Set(others.flatMap(endings));
  const needed = new Set<string>();
  for (const ends of [...chosen].map(fromShortest).sort(compareLists)) {
    if (ends.slice(0, -1).some((end) => needed.has(end))) continue;
    const end = ends.find((end) => !needed.has(end) && !taken.has(end));
    if (end !== undefined) needed.add(end);
  }
  return needed.size ? [...needed] : targets;
}

const fromShortest = (path: string) => endings(path).reverse();

/** PEFT's order, so that the choice is the same: by the list of endings, shortest first. */
function compareLists(a: string[], b: string[]): number {
  const at = a.findIndex((part, i) => part !== b[i]);
  if (at < 0) return a.length - b.length;
  return b[at] === undefined || a[at] > b[at] ? 1 : -1;
}
