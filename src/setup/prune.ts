const KEPT = 7 * 24 * 3600e3; // milliseconds: long enough to go back and forth between branches and libtorchs

/** Deletes what lies in `folder` for longer than a week, except what is in use. */
export function prune(folder: string, inUse: Set<string>, now = Date.now()): void {
  for (const { name } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    if (inUse.has(path) || now - (Deno.statSync(path).mtime?.getTime() ?? now) < KEPT) continue;
    Deno.removeSync(path, { recursive: true });
  }
}
