// Whole runs on a GPU, as a person starts them.
import assert from "node:assert/strict";
import { join } from "node:path";
import { checkpointsOf, logOf, stateOf } from "../reliability/compare.ts";
import { start, trained, workplace } from "../reliability/nano.ts";
import { ftx } from "../ftx.ts";
import { device, onGpu } from "./gpu.ts";

const losses = (folder: string) =>
  logOf(folder).filter(({ loss }) => typeof loss === "number").map(({ loss }) => loss as number);

/** Curves of runs on a GPU: its sums are made in no fixed order. */
function near(ours: number[], theirs: number[], tolerance: number) {
  assert.equal(ours.length, theirs.length);
  ours.forEach((loss, i) =>
    assert.ok(Math.abs(loss - theirs[i]) <= tolerance * theirs[i], `step ${i + 1}: ${loss}, not ${theirs[i]}`)
  );
}

for (
  const [name, settings, tolerance] of [
    ["LoRA in fp32", {}, 1e-3],
    ["full in bf16, packed, recomputing blocks", {
      finetuningType: "full",
      bf16: true,
      packing: true,
      cutoffLen: 64,
      gradientCheckpointing: true,
    }, 3e-2],
  ] as const
) {
  onGpu(`a run equals that of a CPU: ${name}`, async () => {
    using place = workplace();
    const [here, there] = ["cpu", "gpu"].map((folder) => join(place.path, folder));
    await trained(here, { ...settings, device: "cpu" });
    await trained(there, { ...settings, device });
    near(losses(there), losses(here), tolerance);
  });
}

onGpu("a run that is stopped and gone on with has the losses of one that is not", async () => {
  using place = workplace();
  const [whole, parts] = ["whole", "parts"].map((folder) => join(place.path, folder));
  const settings = { device, loraDropout: 0.1, learningRate: 1e-3 };
  await trained(whole, settings);
  const run = start(parts, settings);
  await run.reached(10);
  run.kill("SIGTERM");
  assert.equal((await run.ended).code, 143);
  assert.ok(checkpointsOf(parts).length > 0);
  await trained(parts, { ...settings, resume: true });
  near(losses(parts), losses(whole), 1e-3);
  assert.equal(stateOf(parts).global_step, stateOf(whole).global_step);
});

onGpu("fp16 learns with a loss scale, which its checkpoints hold", async () => {
  using place = workplace();
  const [narrow, wide] = ["fp16", "fp32"].map((folder) => join(place.path, folder));
  await trained(wide, { device });
  await trained(narrow, { device, fp16: true });
  const state = JSON.parse(Deno.readTextFileSync(`${narrow}/checkpoint-24/training_state.json`));
  assert.ok(state.loss_scale.scale >= 1, JSON.stringify(state.loss_scale));
  const last = (folder: string) => losses(folder).at(-1)!;
  assert.ok(Math.abs(last(narrow) / last(wide) - 1) < 0.1, `${last(narrow)}, fp32 has ${last(wide)}`);
});

onGpu("chat answers from a GPU", async () => {
  using place = workplace();
  const nano = new URL("../fixtures/nano", import.meta.url).pathname;
  const words = `chat --model ${nano} --template chatml --device ${device} --max-new-tokens 4 --prompt hello`;
  const { code, err } = await ftx(place.path, words);
  assert.equal(code, 0, err);
});

onGpu("the demo answers four of five questions", async () => {
  const demo = new URL("../../examples/demo.ts", import.meta.url).pathname;
  const { code, stdout } = await new Deno.Command(Deno.execPath(), { args: ["run", "-A", demo] }).output();
  assert.equal(code, 0);
  const right = Number(new TextDecoder().decode(stdout).match(/before, ([\d.]+) % after/)?.[1]);
  assert.ok(right > 80, `${right} % are right`);
}, { only: true });
