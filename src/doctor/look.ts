// Libraries are loaded in a separate process: a broken one may crash it, and the doctor has to report that.

import { ownCommand } from "../libtorch/mod.ts";

const PATIENCE = 60_000; // milliseconds; a CUDA build on a cold network disk takes half of it

/** What a process that loads one thing found, or why it failed. */
export type Looked<T> = { seen: T; failure?: undefined } | { failure: string };

/** What can be loaded in a separate process. */
export const LOOKS = {
  libtorch: () => import("./libtorch_look.ts"),
  gpu: () => import("./gpu_look.ts"),
  tokenizer: () => Promise.resolve({ see: async () => void await import("tokenizers") }),
} as const;

/** Starts ftx again to load one thing. Crashes, timeouts and errors become a `failure`. */
export async function lookAt<T>(
  what: keyof typeof LOOKS,
  command = ownCommand("doctor", "--look", what),
): Promise<Looked<T>> {
  const [program, ...args] = command;
  try {
    const options = { args, stdin: "null", signal: AbortSignal.timeout(PATIENCE) } as const;
    const { success, code, signal, stdout, stderr } = await new Deno.Command(program, options).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
    if (success) return { seen: JSON.parse(text(stdout)) };
    if (signal === "SIGKILL" || signal === "SIGTERM") return { failure: "loading it took more than a minute" };
    if (signal) return { failure: `loading it crashes the process (${signal})` };
    return {
      failure: text(stderr).split("\n").at(-1)!.replace(/^error: /, "") || `loading it ends with exit code ${code}`,
    };
  } catch (error) {
    return { failure: (error as Error).message };
  }
}

/** Runs in the other process: loads the thing, and returns what it found as JSON. */
export async function look(what: keyof typeof LOOKS): Promise<string> {
  const { see } = await LOOKS[what]();
  return JSON.stringify(await see() ?? {});
}
