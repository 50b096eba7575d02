// Runs of the nano model as processes of their own: started, killed, resumed and compared.

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
/** Folder of the nano model and its data. */
export const NANO = join(HERE, "../fixtures/nano");
const MAIN = join(HERE, "../../main.ts");

/** Set to run the long campaigns too: minutes instead of seconds. */
export const CAMPAIGN = Deno.env.get("FTX_CAMPAIGN") === "1";

/** Settings by their names in TypeScript. `undefined` leaves a setting out. */
export type Settings = Record<string, string | number | boolean | undefined>;

/** What every run of these tests has; 24 steps are two epochs and a bit. */
const COMMON: Settings = {
  model: NANO,
  dataset: `${NANO}/train.jsonl`,
  template: "chatml",
  finetuningType: "lora",
  perDeviceTrainBatchSize: 4,
  maxSteps: 24,
  loggingSteps: 1,
  saveSteps: 3,
  learningRate: 0.01,
  plotLoss: false,
};

/** Evaluation every three steps, on rows that are not trained on. */
export const EVALUATES: Settings = { evalDataset: `${NANO}/eval.jsonl`, evalStrategy: "steps", evalSteps: 3 };

/** The evaluation loss is best at step 9 and then rises. */
export const OVERSHOOTS: Settings = {
  ...EVALUATES,
  evalDataset: `${NANO}/other.jsonl`,
  learningRate: 0.03,
  lrSchedulerType: "constant",
};

/** How a process ended. */
export interface Ended {
  code: number;
  signal: Deno.Signal | null;
  out: string;
  err: string;
}

/** A process that trains. */
export interface Running {
  pid: number;
  ended: Promise<Ended>;
  kill(signal: Deno.Signal): void;
  /** Fulfilled once the process has said that this step is done, or has ended. */
  reached(step: number): Promise<void>;
}

interface StartOptions {
  env?: Record<string, string>;
  /** Called with each line of output as it comes. */
  heard?: (line: string) => void;
}

/** A folder for runs, removed when disposed. */
export function workplace() {
  const path = Deno.makeTempDirSync({ prefix: "ftx-reliability-" });
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

/** Starts `ftx sft` on the nano model with one thread, into `folder`. */
export function start(folder: string, settings: Settings = {}, { env = {}, heard }: StartOptions = {}): Running {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      "--cached-only",
      MAIN,
      "sft",
      ...flags({ ...COMMON, outputDir: folder, ...settings }),
    ],
    env: { OMP_NUM_THREADS: "1", FTX_CACHE: join(dirname(folder), "cache"), NO_COLOR: "1", ...env },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const waiting: { step: number; resolve: () => void }[] = [];
  const wake = (step: number) => {
    for (const waiter of waiting) if (waiter.step <= step) waiter.resolve();
  };
  const out = read(child.stdout, (line) => {
    heard?.(line);
    wake(Number(line.match(/^step (\d+)\//)?.[1] ?? -1));
  });
  const err = read(child.stderr, (line) => heard?.(line));
  const ended = Promise.all([child.status, out, err]).then(([{ code, signal }, out, err]) => {
    wake(Infinity);
    return { code, signal, out, err };
  });
  return {
    pid: child.pid,
    ended,
    kill(signal) {
      try {
        child.kill(signal);
      } catch {
        // it has ended already
      }
    },
    reached: (step) => new Promise((resolve) => waiting.push({ step, resolve })),
  };
}

/** Trains to the end. */
export const train = (folder: string, settings?: Settings, options?: StartOptions): Promise<Ended> =>
  start(folder, settings, options).ended;

/** Trains to the end, which must be a success. */
export async function trained(folder: string, settings?: Settings, options?: StartOptions): Promise<Ended> {
  const ended = await train(folder, settings, options);
  assert.equal(ended.code, 0, ended.err);
  return ended;
}

/** Trains or resumes, and is killed within 40 ms after a step, whatever it is doing then. */
export async function killedAfter(step: number, folder: string, settings: Settings): Promise<void> {
  const running = start(folder, { ...settings, resume: true });
  await running.reached(step);
  await new Promise((resolve) => setTimeout(resolve, 40 * Math.random()));
  running.kill("SIGKILL");
  const { signal, code, err } = await running.ended;
  assert(signal === "SIGKILL" || code === 0, err);
}

async function read(stream: ReadableStream<Uint8Array>, heard: (line: string) => void): Promise<string> {
  let all = "", rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    all += text;
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    lines.forEach(heard);
  }
  return all;
}

function flags(settings: Settings): string[] {
  return Object.entries(settings).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name.replace(/[A-Z]/g, (c) => "-" + c.toLowerCase())}`, String(value)]
  );
}
