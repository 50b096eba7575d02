// Thousands of files with changed bytes and parts: each is used or refused in a sentence; none ends ftx or makes it wait.

import assert from "node:assert/strict";
import { campaign } from "./mutants/campaign.ts";
import { CAMPAIGN } from "./nano.ts";

/** What is changed, and how many of them are tried in a campaign and otherwise. */
const KINDS: [module: string, campaign: number, few: number][] = [
  ["tokenizers", 25_000, 15],
  ["parquet", 25_000, 150],
  ["adapters", 25_000, 60],
  ["chat_templates", 25_000, 60],
];

for (const [module, many, few] of KINDS) {
  const count = CAMPAIGN ? many : few;
  Deno.test(`${count} changed files are used or refused in words: ${module}`, async () => {
    // What is tried out in a process of its own may crash or take too long there.
    const { tally, failures, longest, memory } = await campaign({ module, count, mayDie: ["trial"], patience: 6 });
    if (CAMPAIGN) console.log(module, tally, `longest ${longest.toFixed(1)} s, most memory ${memory.toFixed(0)} MiB`);
    assert.deepEqual(failures, []);
    assert.ok(tally.used > 0 && tally.used < count);
  });
}
