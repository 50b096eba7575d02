const TICK = 250; // milliseconds between two pictures of what is going on

/**
 * Tells on stderr that `work` is going on, how far it is (`state`: "3 of 9 files") and for how long: on a terminal one
 * line, rewritten in place; elsewhere a line at its begin and one at its end.
 */
export async function progress<T>(title: string, state: () => string, work: () => Promise<T>): Promise<T> {
  const begun = performance.now(), terminal = Deno.stderr.isTerminal();
  const line = () => `${title}: ${state()}, ${Math.round((performance.now() - begun) / 1000)} s`;
  const write = (text: string) => Deno.stderr.writeSync(new TextEncoder().encode(text));
  const rewrite = () => write(`\r\x1b[K${line()}`);
  if (!terminal) write(`${title}\n`);
  const ticking = terminal ? setInterval(rewrite, TICK) : undefined;
  try {
    const result = await work();
    write(terminal ? `\r\x1b[K${line()}` : `${line()}\n`);
    return result;
  } finally {
    clearInterval(ticking);
    if (terminal) write("\n");
  }
}

/** "191 MB": decimal megabytes, as download pages count them. */
export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
