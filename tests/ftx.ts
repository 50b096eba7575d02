// Runs the command as a user does: a process of its own, its output, its exit code.
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

/** What a command printed, and the number it ended with. */
export interface Result {
  code: number;
  out: string;
  err: string;
}

/**
 * Runs `ftx` in a folder with the words of a line, of which those in quotes may have spaces. One thread, no colours; no
 * network, unless `env` says otherwise.
 */
export async function ftx(folder: string, line: string, env: Record<string, string> = {}): Promise<Result> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--cached-only", MAIN, ...words(line)],
    cwd: folder,
    env: {
      NO_COLOR: "1",
      OMP_NUM_THREADS: "1",
      FTX_CACHE: join(tmpdir(), "ftx-test-cache"),
      HF_HUB_OFFLINE: "1",
      ...env,
    },
  }).output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

/** `a "b c"` is two words. */
export function words(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word);
}
