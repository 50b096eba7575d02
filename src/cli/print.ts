/** Writes a line to stdout, all of it. Unlike `console.log` it fails when the reader is gone, so that ftx can stop. */
export async function print(text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text + "\n");
  for (let done = 0; done < bytes.length;) done += await Deno.stdout.write(bytes.subarray(done));
}
