// A long run holds no more tensors and no more memory than after its first step.

import assert from "node:assert/strict";
import { join } from "node:path";
import { CAMPAIGN, EVALUATES, start, workplace } from "./nano.ts";

interface Seen {
  handles: number;
  resident: number; // KiB
}

/** Trains, and looks at the process after each logged step. */
async function watched(steps: number, every: number): Promise<Map<number, Seen>> {
  using place = workplace();
  const seen = new Map<number, Seen>();
  const settings = {
    ...{ ...EVALUATES, evalSteps: every, saveSteps: every, maxSteps: steps, saveTotalLimit: 2 },
    ...{ loraDropout: 0.1, packing: true, cutoffLen: 64, loggingFirstStep: true, loggingSteps: every / 5, json: true },
  };
  const running = start(join(place.path, "run"), settings, {
    heard(line) {
      if (!line.startsWith("{")) return;
      const { event, step, memory } = JSON.parse(line);
      if (event === "step") seen.set(step, { handles: memory.handles, resident: residentOf(running.pid) });
    },
  });
  const { code, err } = await running.ended;
  assert.equal(code, 0, err);
  return seen;
}

/** VmRSS of a process in KiB; 0 once it has ended. */
function residentOf(pid: number): number {
  try {
    return Number(Deno.readTextFileSync(`/proc/${pid}/status`).match(/^VmRSS:\s+(\d+) kB/m)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

Deno.test("300 steps with packing, dropout, evaluations and saves leave as many tensors as the first", async () => {
  const seen = await watched(300, 50);
  assert.equal(seen.size, 31);
  for (const [step, { handles }] of seen) assert.equal(handles, seen.get(1)!.handles, `after step ${step}`);
});

Deno.test({
  name: "campaign: 2,000 steps keep the tensors of step 1, and the memory of step 600, after one save, within 2 %",
  ignore: !CAMPAIGN,
  async fn() {
    const seen = await watched(2000, 500);
    const [first, early, last] = [1, 600, 2000].map((step) => seen.get(step)!);
    for (const [step, { handles }] of seen) assert.equal(handles, first.handles, `after step ${step}`);
    const change = (last.resident - early.resident) / early.resident;
    console.log(
      `${first.handles} handles throughout; resident ${early.resident} KiB at step 600, ${last.resident} KiB at 2000: ` +
        `${(change * 100).toFixed(2)} %`,
    );
    assert(Math.abs(change) <= 0.02, [...seen].map(([step, { resident }]) => `${step}: ${resident}`).join(", "));
  },
});
