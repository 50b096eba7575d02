import assert from "node:assert/strict";
import { device } from "./gpu.ts";

const OURS = new URL("../../bench/gpu/ours.ts", import.meta.url).pathname;

for (const cell of ["tiny-lora", "tiny-full"]) {
  Deno.test(`bench/gpu measures ${cell} on any device`, async () => {
    const flags = ["--cell", cell, "--device", device === "cpu" ? "cpu" : "auto", "--steps", "2", "--warmup", "1"];
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", OURS, ...flags],
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    const { fits, losses, tokens_per_second, matmul } = JSON.parse(new TextDecoder().decode(stdout));
    assert.ok(fits && tokens_per_second > 0 && matmul > 0);
    assert.equal(losses.length, 3);
    assert.ok(Math.abs(losses[0] - Math.log(512)) < 0.1, `random weights know nothing: ${losses[0]}`);
  });
}
