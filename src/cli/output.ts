import type { Reading } from "../recipe/settle.ts";

/** Writes a line to stdout, all of it. Unlike `console.log` it fails once the reader has gone, so that ftx can stop. */
export async function print(text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text + "\n");
  for (let done = 0; done < bytes.length;) done += await Deno.stdout.write(bytes.subarray(done));
}

/** Prints on stderr which settings have no effect, and why; `quiet` and `json` turn it off. */
export function printNotes({ recipe, notes }: Reading) {
  if (recipe.quiet || recipe.json) return;
  for (const note of notes) console.error(`note: ${note}`);
}

/** Rows under their headings, each column as wide as its widest cell; no spaces at the ends of lines. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [headings, ...rows];
  const widths = headings.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  return all.map((row) => row.map((cell, column) => cell.padEnd(widths[column])).join("  ").trimEnd()).join("\n");
}
