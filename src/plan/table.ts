import { KINDS } from "../tensor/mod.ts";
import type { Advice } from "./advice.ts";
import type { Estimate } from "./estimate.ts";
import { amount, change, outlook, type Room, size } from "./text.ts";

/** What a few steps of a run were like. */
export interface Probed {
  /** Bytes: the most that tensors held, loading included. */
  peak: number;
  tokensPerSecond: number;
  stepsPerSecond: number;
  /** Of all the run's steps at this pace. */
  seconds: number;
}

type Row = [name: string, value: string, note: string];

/** The whole estimate for a person: what there is to train, memory by kind, work; and advice where some is given. */
export function table(estimate: Estimate, room: Room, advice: readonly Advice[], probed?: Probed): string {
  const parts = [model(estimate), memory(estimate, room), work(estimate), ...probed ? [probe(estimate, probed)] : []];
  const rows = parts.flat(), width = (column: 0 | 1) => Math.max(...rows.map((row) => row[column].length));
  const line = ([name, value, note]: Row) =>
    `  ${name.padEnd(width(0))}  ${value.padStart(width(1))}  ${note}`.trimEnd();
  const told = advice.map((one) => `  ${one.fits ? "fits" : "    "}  ${change(one)}`);
  const paragraphs = [...parts.map((part) => part.map(line)), ...told.length ? [["What takes less:"], told] : []];
  return paragraphs.map((lines) => lines.join("\n")).join("\n\n");
}

function model({ planned: { recipe }, family, blocks, computes, parameters, trainable }: Estimate): Row[] {
  const numbers = recipe.pureBf16 ? "pure bf16" : NUMBERS[computes] ?? computes;
  const share = (100 * trainable / parameters).toFixed(2);
  return [
    ["parameters", amount(parameters), `${family}, ${blocks} blocks`],
    ["trained", amount(trainable), `${share} %, ${recipe.finetuningType} in ${numbers}`],
  ];
}

function memory(estimate: Estimate, room: Room): Row[] {
  const { memory, peak, doing, copy } = estimate;
  const beside: Row = ["copy", size(copy), "in the host's memory while a checkpoint is written"];
  return [
    ...KINDS.map((kind): Row => [kind, size(memory[kind]), ""]),
    ["peak", size(peak), `in ${doing}, on ${room.device}`],
    ...copy ? [beside] : [],
    ["free", room.bytes === undefined ? "?" : size(room.bytes), SAYS[outlook(estimate, room)]],
  ];
}

function work({ planned: { work: { totalSteps: steps, tokensPerStep } }, flopsPerToken }: Estimate): Row[] {
  const count = (n: number) => Math.round(n).toLocaleString("en");
  return [
    ...steps === undefined ? [] : [["steps", count(steps), ""] as Row],
    ["a step", `${count(tokensPerStep)} tokens`, `${amount(flopsPerToken * tokensPerStep, "G")}FLOP`],
    ["a token", `${amount(flopsPerToken, "G")}FLOP`, ""],
  ];
}

function probe({ peak }: Estimate, probed: Probed): Row[] {
  const off = (100 * (peak / probed.peak - 1)).toFixed(1);
  return [
    ["measured", size(probed.peak), `at most; the plan is ${off} % off`],
    [
      "speed",
      `${Math.round(probed.tokensPerSecond).toLocaleString("en")} tokens/s`,
      `${probed.stepsPerSecond.toPrecision(3)} steps/s`,
    ],
    ["all steps", clock(probed.seconds), ""],
  ];
}

const clock = (seconds: number) => {
  const whole = Math.round(seconds), two = (n: number) => String(n).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
};

const NUMBERS: Partial<Record<string, string>> = { f32: "fp32", bf16: "bf16", f16: "fp16", f64: "fp64" };
const SAYS = {
  fits: "it fits",
  "may not fit": "it may not fit",
  "cannot fit": "it cannot fit",
  unknown: "there is no such device here",
};
