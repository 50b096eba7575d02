// Runs ftx's commands in this process and looks at what they did: what they said, and the files of the run.

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { COMMANDS } from "../../src/cli/commands.ts";
import { FtxError } from "../../src/errors.ts";
import { kebabCase } from "../../src/settings/spelling.ts";
import { resetPeak, threads } from "../../src/tensor/mod.ts";
import { listening } from "../listening.ts";

/** Settings by their names in TypeScript; `undefined` leaves one out. */
export type Settings = Readonly<Record<string, unknown>>;

/** What can be seen of a command that has ended. */
export interface Seen {
  /** What it printed, without the figures of runs; the message of its error if it failed. */
  says: string;
  /** The final weights, as a hash of their file. */
  weights?: string;
  /** The weights' header, and the configurations and the chat template beside them. */
  shapes?: string;
  /** Steps, losses, rates and evaluations of trainer_log.jsonl. */
  log?: string;
  /** Names of the files that it wrote. */
  files: string;
  /** trainer_state.json's best evaluation. */
  best?: string;
  card?: string;
  /** Threads that operators run on. */
  threads: number;
  /** Most bytes of memory that the run took. */
  peak?: number;
}

/** Runs `ftx COMMAND` with these settings; relative paths are in `folder`. `out`: the folder that it writes. */
export async function observe(command: string, settings: Settings, out: string): Promise<Seen> {
  const { load, ...about } = COMMANDS[command];
  const { run } = await load();
  const args = [...command === "data" ? ["preview"] : [], ...flags(settings)];
  threads(1);
  resetPeak();
  const { all, error } = await listening(async () => await run(args, command, about));
  Deno.exitCode = 0;
  if (error !== undefined && !(error instanceof FtxError)) throw error;
  const said = all + (error?.message ?? "");
  const has = (name: string) => existsSync(join(out, name)) ? readFileSync(join(out, name)) : undefined;
  const read = (name: string) => has(name)?.toString() ?? "";
  const weights = has("adapter_model.safetensors") ?? has("model.safetensors");
  const state = read("trainer_state.json");
  return {
    says: timeless(command, said.replaceAll(out, "OUT")),
    weights: weights && createHash("sha256").update(weights).digest("hex"),
    shapes: weights && weights.subarray(8, 8 + Number(weights.readBigUInt64LE())) + read("adapter_config.json") +
        read("config.json") + read("chat_template.jinja"),
    log: read("trainer_log.jsonl").replace(
      /"(elapsed_time|remaining_time|throughput|\w*memory\w*|eval_\w+_second|eval_runtime)":[^,}]*/g,
      "",
    ),
    files: existsSync(out) ? listed(out).join(" ") : "",
    best: state && JSON.stringify([JSON.parse(state).best_metric, JSON.parse(state).best_global_step]),
    card: read("README.md"),
    threads: threads(),
    peak: JSON.parse(read("all_results.json") || "{}").peak_memory_bytes,
  };
}

/** Without what differs from run to run: the figures of a run, and how much memory is free. */
function timeless(command: string, said: string): string {
  return ["sft", "pt", "train"].includes(command)
    ? said.replace(/\d[\d.,:e-]*/g, "#")
    : said.replace(/^ *free .*$|"free":\d+/m, "");
}

function flags(settings: Settings): string[] {
  return Object.entries(settings).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${kebabCase(name)}=${typeof value === "object" ? JSON.stringify(value) : value}`]
  );
}

/** Every file below a folder. */
function listed(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(folder, name)).isFile()).sort();
}
