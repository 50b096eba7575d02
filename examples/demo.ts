/**
 * ftx's main job on a small scale: `deno task demo`. A Llama of 5.5 million parameters that has only read English and
 * man pages is asked about docker, fine-tuned with LoRA on 4,034 questions, and asked again. Takes minutes on a CPU.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, rm } from "node:fs/promises";
import process from "node:process";
import { makeRecipe } from "../src/recipe/mod.ts";
import { loadChat } from "../src/generate/mod.ts";
import { ownShim } from "../src/setup/own_shim.ts";
import { openTensors } from "../src/tensor/mod.ts";

interface Pair {
  instruction: string;
  output: string;
}

const MODEL = "examples/tiny";
const FOLDER = "build/demo";
const SHOWN = [41, 51, 92, 216]; // the held-out questions whose answers are printed
const LONGEST = 40; // tokens: the longest correct answer has 36

/** The settings of the training; `ftx sft` takes the same as flags. */
const FLAGS = {
  model: MODEL,
  template: "chatml",
  dataset: "docker",
  datasetDir: "examples/docker",
  loraRank: 32,
  perDeviceTrainBatchSize: 16,
  learningRate: 2e-3,
  lrSchedulerType: "cosine",
  warmupSteps: 20,
  numTrainEpochs: 8,
  loggingSteps: 100,
  saveStrategy: "no",
  outputDir: FOLDER,
};

process.chdir(new URL("..", import.meta.url).pathname);
const heldout: Pair[] = JSON.parse(await readFile("examples/docker/heldout.json", "utf8"));
const begin = performance.now();
await openTensors(ownShim);

heading(`The model as it was pre-trained answers ${heldout.length} questions that it has never seen`);
const before = await ask();
tell(before);

heading("Fine-tuning it with LoRA");
await rm(FOLDER, { recursive: true, force: true });
await mkdir(FOLDER, { recursive: true });
await train();

heading("The same questions again");
const after = await ask(FOLDER);
tell(after);

heading("Result");
console.log(`Answers that are right to the last letter: ${percent(before)} before, ${bold(percent(after))} after`);
console.log(`Time in all: ${clock((performance.now() - begin) / 1000)}`);
console.log(`\nAsk it yourself:\n  ${again()}`);

/** Greedy answers to all held-out questions, by the base model or with an adapter. */
async function ask(adapter?: string): Promise<string[]> {
  const adapterNameOrPath = adapter ? [adapter] : [];
  const recipe = makeRecipe({
    modelNameOrPath: MODEL,
    adapterNameOrPath,
    template: "chatml",
    doSample: false,
    maxNewTokens: LONGEST,
  });
  using chat = await loadChat(recipe);
  const answers: string[] = [];
  for (const { instruction } of heldout) {
    answers.push((await chat.answer(instruction)).trim());
    progress(answers.length / heldout.length);
  }
  return answers;
}

/** `ftx sft` as a child process, its progress on this terminal. */
async function train() {
  const flags = Object.entries(FLAGS).flatMap(([name, value]) => [flag(name), String(value)]);
  const line = ["sft", "--lora", ...flags];
  console.log(dim(`ftx ${line.join(" ")}`) + "\n");
  const child = spawn(process.execPath, ["run", "-A", "--cached-only", "main.ts", ...line], { stdio: "inherit" });
  const [code] = await once(child, "exit");
  if (code !== 0) process.exit(code ?? 1);
}

/** The shown questions with their answers, and how many of all are right. */
function tell(answers: string[]) {
  for (const at of SHOWN) {
    const { instruction, output } = heldout[at];
    const right = answers[at] === output;
    console.log(`  ${instruction}`);
    console.log(`  ${right ? green("✓") : red("✗")} ${oneLine(answers[at]) || dim("(nothing)")}\n`);
  }
  console.log(`  ${answers.filter(isRight).length} of ${heldout.length} are right`);
}

function isRight(answer: string, at: number): boolean {
  return answer === heldout[at].output;
}

function percent(answers: string[]): string {
  return `${(100 * answers.filter(isRight).length / answers.length).toFixed(1)} %`;
}

/** `loraRank` as a flag: `--lora-rank`. */
function flag(name: string): string {
  return "--" + name.replace(/[A-Z]/g, (letter) => "-" + letter.toLowerCase());
}

function again(): string {
  return `deno task ftx chat --model ${MODEL} --adapter ${FOLDER} --template chatml`;
}

/** A bar that disappears when it is full; nothing if the output is not a terminal. */
function progress(share: number) {
  if (!process.stdout.isTTY) return;
  const full = Math.round(30 * share);
  process.stdout.write(share < 1 ? `\r  ${"━".repeat(full)}${dim("━".repeat(30 - full))}` : "\r\x1b[K");
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > 90 ? line.slice(0, 89) + "…" : line;
}

function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

function heading(text: string) {
  console.log(`\n${bold(text)}\n`);
}

function bold(text: string): string {
  return paint(1, text);
}

function dim(text: string): string {
  return paint(2, text);
}

function red(text: string): string {
  return paint(31, text);
}

function green(text: string): string {
  return paint(32, text);
}

function paint(code: number, text: string): string {
  return process.stdout.isTTY && !process.env.NO_COLOR ? `\x1b[${code}m${text}\x1b[0m` : text;
}
