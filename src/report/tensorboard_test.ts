import assert from "node:assert/strict";
import { crc32c, record } from "./event.ts";
import type { Plan, Summary } from "./lines.ts";
import { TensorBoard } from "./tensorboard.ts";

const hex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

Deno.test("crc32c() gives the check values of RFC 3720", () => {
  assert.equal(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(255)), 0x62a8ab43);
});

// The same bytes as tensorboard 2.21's EventFileWriter made of these events.
const GOLDEN: [string, Parameters<typeof record>[0], string][] = [
  [
    "the first record of a file",
    { time: 1700000000.5, version: "brain.Event:2" },
    "1800000000000000a37f4b220900002040fc54d9411a0d627261696e2e4576656e743a322b353110",
  ],
  [
    "a step with two scalars",
    { time: 1.25, step: 300, scalars: { "train/loss": 0.5, "eval/loss": NaN } },
    "33000000000000000ca7205609000000000000f43f10ac022a250a110a0a747261696e2f6c6f7373150000003f0a100a096576616c2f6c6f7373150000c07f539626d1",
  ],
  [
    "the start of a resumed session",
    { time: 2, step: 41, restart: true },
    "0f000000000000006d532b0909000000000000004010293a02080180060939",
  ],
];

for (const [what, event, bytes] of GOLDEN) {
  Deno.test(`record() frames ${what} as TensorBoard does`, () => assert.equal(hex(record(event)), bytes));
}

const PYTHON = Deno.env.get("FTX_PEERS") ?? "python3";

const READ = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1])
events.Reload()
print(json.dumps({tag: [(e.step, e.value) for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}))
`;

Deno.test("TensorBoard reads our event files, and discards what a resumed run repeated", async () => {
  const found = await new Deno.Command(PYTHON, { args: ["-c", "import tensorboard"] }).output().catch(() => undefined);
  if (!found?.success) return console.log("skipped: no Python with tensorboard; FTX_PEERS names one");
  const folder = Deno.makeTempDirSync();
  try {
    for (const [from, to, loss] of [[0, 4, 1], [2, 6, 2]]) {
      const board = new TensorBoard(folder, () => 1700000000_000 + from * 1000);
      board.start({} as Plan, from);
      for (let step = from + 1; step <= to; step++) {
        board.step({
          step,
          totalSteps: 6,
          epoch: step / 2,
          loss,
          learningRate: 0.5,
          metrics: { "rewards/margins": 3 },
          tokens: 0,
          tokensPerSecond: 8,
          seconds: 0,
          remaining: 0,
          skipped: 0,
        });
      }
      board.evaluation({
        step: to,
        totalSteps: 6,
        epoch: 1,
        metrics: { eval_loss: 4 },
        tokens: 0,
        tokensPerSecond: 0,
        seconds: 0,
        remaining: 0,
      });
      board.end({ finished: to === 6, step: 6, trainLoss: 7 } as Summary);
    }
    const read = await new Deno.Command(PYTHON, { args: ["-c", READ, `${folder}/runs`] }).output();
    const tags = JSON.parse(new TextDecoder().decode(read.stdout));
    assert.deepEqual(tags["train/loss"], [[1, 1], [2, 1], [3, 2], [4, 2], [5, 2], [6, 2]]);
    assert.deepEqual(tags["eval/loss"], [[6, 4]]);
    assert.deepEqual(tags["train/train_loss"], [[6, 7]]);
    assert.equal(tags["train/rewards/margins"].length, 6);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
