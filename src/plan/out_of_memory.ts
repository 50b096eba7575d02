import { EXIT, MemoryError } from "../errors.ts";
import { type Device, TensorError } from "../tensor/mod.ts";

/** Where a run was when memory ran out. */
export interface Situation {
  /** What could not be done: "go on training". */
  doing: string;
  device: Device;
  /** What to change: "set bf16 = true". Asked only where memory ran out. */
  advice: () => Promise<string>;
  /** The folder of the newest checkpoint that is whole. */
  checkpoint?: string;
}

/** An error of libtorch about memory becomes a sentence with what to change and where to go on; any other stays itself. */
export async function outOfMemory(
  error: unknown,
  { doing, device, advice, checkpoint }: Situation,
): Promise<unknown> {
  if (!(error instanceof TensorError) || error.exitCode !== EXIT.memory) return error;
  const what = device === "cpu" ? "the machine" : device;
  const next = checkpoint === undefined ? "" : `, then go on from "${checkpoint}" with --resume`;
  return new MemoryError(
    `Cannot ${doing}: ${what} ran out of memory${figures(error.message)}; ${await advice()}${next}`,
  );
}

/** What was wanted, and how much there is, as far as libtorch says it. */
function figures(message: string): string {
  const gpu = message.match(/Tried to allocate ([\d.]+ \w+).*?total capacity of ([\d.]+ \w+)/s);
  if (gpu) return ` (${gpu[1]} more were wanted, of ${gpu[2]} in all)`;
  const cpu = message.match(/(\d+) bytes wanted, (\d+) of (\d+) in use/)?.slice(1).map(Number);
  if (!cpu) return "";
  const [wanted, used, all] = cpu.map((bytes) => `${(bytes / 2 ** 30).toFixed(2)} GiB`);
  return ` (${wanted} more were wanted, with ${used} of ${all} in use)`;
}
