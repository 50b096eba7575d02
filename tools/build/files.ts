import { dirname, join } from "node:path";

/** All files in `root/top`, or that file itself, by their paths from `root`, sorted. Links are not followed. */
export function filesOf(root: string, top = ""): string[] {
  if (top !== "" && Deno.lstatSync(join(root, top)).isFile) return [top];
  return [...Deno.readDirSync(join(root, top))].sort((a, b) => a.name < b.name ? -1 : 1).flatMap((entry) => {
    const path = top === "" ? entry.name : `${top}/${entry.name}`;
    return entry.isDirectory ? filesOf(root, path) : entry.isFile ? [path] : [];
  });
}

/** Copies `from/path` to `to/path`, with the folders above it. */
export async function copy(from: string, to: string, path: string): Promise<void> {
  await Deno.mkdir(dirname(join(to, path)), { recursive: true });
  await Deno.copyFile(join(from, path), join(to, path));
}
