// What a command prints, where it runs in this process.

import process from "node:process";

/** What was printed while something ran: on stdout, on stderr, and both in turn; and the error that it threw. */
export interface Heard {
  out: string;
  err: string;
  all: string;
  error?: unknown;
}

/** Runs `fn` and hears what it prints. */
export async function listening(fn: () => Promise<void>): Promise<Heard> {
  const heard: Heard = { out: "", err: "", all: "" };
  const hear = (where: "out" | "err", said: Uint8Array | string) => {
    const text = typeof said === "string" ? said : new TextDecoder().decode(said);
    heard[where] += text;
    heard.all += text;
    return said.length;
  };
  const before = { log: console.log, error: console.error, write: process.stdout.write };
  const streams = ([["out", Deno.stdout], ["err", Deno.stderr]] as const)
    .map(([where, stream]) => ({ where, stream, write: stream.write, sync: stream.writeSync }));
  console.log = (text: string) => void hear("out", `${text}\n`);
  console.error = (text: string) => void hear("err", `${text}\n`);
  process.stdout.write = ((text: string) => hear("out", text) >= 0) as typeof process.stdout.write;
  for (const { where, stream } of streams) {
    stream.write = (bytes) => Promise.resolve(hear(where, bytes));
    stream.writeSync = (bytes) => hear(where, bytes);
  }
  try {
    await fn();
  } catch (error) {
    heard.error = error;
  } finally {
    Object.assign(console, { log: before.log, error: before.error });
    process.stdout.write = before.write;
    for (const { stream, write, sync } of streams) Object.assign(stream, { write, writeSync: sync });
  }
  return heard;
}
