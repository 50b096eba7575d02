import assert from "node:assert/strict";
import "../../tests/support/tensors.ts";
import { type GpuMemory, memory } from "../tensor/mod.ts";
import { cutLines, LineFile, readLines } from "./line_file.ts";
import type { StepLine } from "./lines.ts";
import { TrainerLog } from "./trainer_log.ts";

function temporaryFolder() {
  const path = Deno.makeTempDirSync();
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

const line = (step: number): StepLine => ({
  step,
  totalSteps: 30,
  epoch: step / 10,
  loss: 1 / 3,
  learningRate: 5e-5,
  metrics: {},
  tokens: 100 * step,
  tokensPerSecond: 12.3456,
  seconds: 3725.9,
  remaining: 90061,
  skipped: 0,
});

Deno.test("TrainerLog writes LLaMA-Factory's keys, the loss unrounded", async () => {
  using folder = temporaryFolder();
  using log = await TrainerLog.open(folder.path, 0);
  log.step({ ...line(10), memory: { bytes: 0, peak: 1.5 * 2 ** 30, peakReserved: 2 ** 31 } });
  log.evaluation({ ...line(10), metrics: { eval_loss: 0.25, eval_runtime: 1 } });
  const metrics = { "rewards/accuracies": 0.5, kl: 2 };
  log.step({ ...line(20), loss: NaN, metrics, memory: { bytes: 0, peak: 2 ** 30, peakReserved: undefined } });
  assert.equal(
    Deno.readTextFileSync(`${folder.path}/trainer_log.jsonl`),
    [
      '{"current_steps":10,"total_steps":30,"loss":0.3333333333333333,"lr":0.00005,"epoch":1,"percentage":33.33,' +
      '"elapsed_time":"1:02:05","remaining_time":"1 day, 1:01:01","throughput":12.35,"total_tokens":1000,"vram_allocated":1.5,"vram_reserved":2}',
      '{"current_steps":10,"total_steps":30,"eval_loss":0.25,"epoch":1,"percentage":33.33,' +
      '"elapsed_time":"1:02:05","remaining_time":"1 day, 1:01:01","throughput":12.35,"total_tokens":1000}',
      '{"current_steps":20,"total_steps":30,"loss":"NaN","accuracy":0.5,"kl":2,"lr":0.00005,"epoch":2,"percentage":66.67,' +
      '"elapsed_time":"1:02:05","remaining_time":"1 day, 1:01:01","throughput":12.35,"total_tokens":2000,"memory_allocated":1}',
      "",
    ].join("\n"),
  );
});

Deno.test("TrainerLog writes the memory of a GPU, as memory() gives it, under LLaMA-Factory's keys", async () => {
  using folder = temporaryFolder();
  using log = await TrainerLog.open(folder.path, 0);
  const GiB = 2 ** 30, counts = { retries: 0, failures: 0 };
  const gpu: GpuMemory = {
    bytes: GiB,
    peak: 2 * GiB,
    reserved: 3 * GiB,
    peakReserved: 4 * GiB,
    free: 0,
    total: 80 * GiB,
    ...counts,
  };
  log.step({ ...line(10), memory: memory("cuda:0", () => gpu) });
  log.step({ ...line(20), memory: memory("cpu") });
  const [onGpu, onCpu] = await readLines(`${folder.path}/trainer_log.jsonl`);
  assert.deepEqual([onGpu.vram_allocated, onGpu.vram_reserved, onGpu.memory_allocated], [2, 4, undefined]);
  assert.ok(!("vram_allocated" in onCpu) && !("vram_reserved" in onCpu) && "memory_allocated" in onCpu);
});

Deno.test("TrainerLog of a resumed run is the log of one that never stopped", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/trainer_log.jsonl`;
  async function write(from: number, to: number) {
    using log = await TrainerLog.open(folder.path, from);
    for (let step = from + 10; step <= to; step += 10) log.step(line(step));
    return Deno.readTextFileSync(path);
  }
  const whole = await write(0, 30);
  await write(0, 20);
  Deno.writeTextFileSync(path, '{"current_steps":3', { append: true }); // killed in the middle of a line
  assert.equal(await write(10, 30), whole);
  assert.equal(await write(30, 30), whole);
});

Deno.test("TrainerLog of a resumed run drops lines of the same step that its checkpoint does not include", async () => {
  using folder = temporaryFolder();
  const lines = [9, 10, 10, 10, 20].map((step, i) => `{"current_steps":${step},"i":${i}}\n`);
  Deno.writeTextFileSync(`${folder.path}/trainer_log.jsonl`, lines.join(""));
  using _log = await TrainerLog.open(folder.path, 10, 2);
  assert.equal(Deno.readTextFileSync(`${folder.path}/trainer_log.jsonl`), lines.slice(0, 3).join(""));
});

Deno.test("readLines() passes over torn lines, and a file that is not there", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/log`;
  assert.deepEqual(await readLines(path), []);
  Deno.writeTextFileSync(path, '{"a":1}\n{"a"\nnull\n3\n{"a":2}\n{"a":');
  assert.deepEqual(await readLines(path), [{ a: 1 }, { a: 2 }]);
  await cutLines(path, ({ a }) => a !== 1);
  assert.equal(Deno.readTextFileSync(path), '{"a":2}\n');
});

Deno.test("LineFile holds whole lines on a full disk, and the waiting ones once there is room", async () => {
  using folder = temporaryFolder();
  const mount = await new Deno.Command("mount", { args: ["-t", "tmpfs", "-o", "size=16k", "tmpfs", folder.path] })
    .output().catch(() => undefined);
  if (!mount?.success) return console.log("skipped: this user may not mount a tmpfs");
  try {
    Deno.writeFileSync(`${folder.path}/filler`, new Uint8Array(12 * 1024));
    using lines = new LineFile(`${folder.path}/log`);
    const text = (n: number) => JSON.stringify({ n, text: "x".repeat(1500) });
    for (let n = 0; n < 4; n++) lines.append(text(n));
    assert.deepEqual((await readLines(`${folder.path}/log`)).map(({ n }) => n), [0, 1]);
    assert(Deno.readTextFileSync(`${folder.path}/log`).endsWith("\n"));
    Deno.removeSync(`${folder.path}/filler`);
    lines.append(text(4));
    assert.deepEqual((await readLines(`${folder.path}/log`)).map(({ n }) => n), [0, 1, 2, 3, 4]);
  } finally {
    await new Deno.Command("umount", { args: ["-l", folder.path] }).output();
  }
});
