import { snakeCase } from "../settings/spelling.ts";
import { KINDS } from "../tensor/mod.ts";
import { type Advice, adviceFor, needed } from "./advice.ts";
import type { Estimate } from "./estimate.ts";

/** The memory of the device that a run computes on. */
export interface Room {
  /** "cpu", "cuda:0" … */
  device: string;
  /** Bytes that nobody uses; absent where the device is not there. */
  bytes?: number;
}

const GiB = 2 ** 30, MiB = 2 ** 20;

/** `812 MiB`, `12.3 GiB`. */
export const size = (bytes: number): string =>
  bytes < GiB ? `${Math.ceil(bytes / MiB)} MiB` : `${(bytes / GiB).toFixed(1)} GiB`;

/** `56.0 M`; `billion` is B for parameters and G for units. */
export function amount(number: number, billion: "B" | "G" = "B"): string {
  const [unit, name] = ([[1e15, "P"], [1e12, "T"], [1e9, billion], [1e6, "M"], [1e3, "K"]] as const)
    .find(([unit]) => number >= unit) ?? [1, ""];
  return unit === 1 ? String(Math.round(number)) : `${(number / unit).toFixed(1)} ${name}`;
}

/** The estimate in one line, which every run begins with. */
export function sentence(estimate: Estimate, { device, bytes }: Room): string {
  const of = bytes === undefined ? "" : ` of ${size(bytes)} free`;
  const parts = shares(estimate).map(([kind, bytes]) => `${kind} ${size(bytes)}`).join(", ");
  return `This run will take about ${size(estimate.peak)}${of} on ${device}: ${parts}`;
}

/** What a person should know before a run begins: its memory, and what to change where memory may run out. */
export async function forewords(estimate: Estimate, room: Room): Promise<string[]> {
  const first = sentence(estimate, room);
  if (["fits", "unknown"].includes(outlook(estimate, room))) return [first];
  return [first, `warning: memory may run out; ${advised(await adviceFor(estimate, room.bytes))}`];
}

const shares = ({ memory }: Estimate) =>
  KINDS.map((kind) => [kind, memory[kind]] as const).filter(([, bytes]) => bytes >= MiB);

/** Whether a run may end for want of memory, and that it surely will. */
export function outlook(estimate: Estimate, { bytes }: Room): "fits" | "may not fit" | "cannot fit" | "unknown" {
  if (bytes === undefined) return "unknown";
  if (estimate.least > bytes) return "cannot fit";
  return needed(estimate) > bytes ? "may not fit" : "fits";
}

/** One change as a person would write it: `gradient_checkpointing = true (864 MiB)`. */
export function change({ settings, peak }: Advice): string {
  const said = Object.entries(settings).map(([name, value]) => `${snakeCase(name)} = ${value}`);
  return `${said.join(", ")} (${size(peak)})`;
}

/** What would fit, as the end of a sentence: the first two changes that do. */
export function advised(advice: readonly Advice[]): string {
  const fitting = advice.filter(({ fits }) => fits);
  if (fitting.length) return `set ${fitting.slice(0, 2).map(change).join(", or ")}`;
  return "choose a smaller model";
}
