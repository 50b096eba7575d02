import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { availableMemory } from "./available.ts";

const MACHINE = 1000;

/** What is available on a machine whose system files hold this. */
function available(files: Record<string, string>): number {
  const root = mkdtempSync(join(tmpdir(), "ftx-available-"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  const bytes = availableMemory(MACHINE, root);
  rmSync(root, { recursive: true });
  return bytes;
}

Deno.test("availableMemory() is the machine's where no group has a limit", () => {
  assert.equal(available({}), 1000);
  assert.equal(available({ "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n" }), 1000);
  assert.ok(availableMemory() > 0);
});

Deno.test("availableMemory() is what a group of version 2 leaves, with its idle file pages", () => {
  const group = "sys/fs/cgroup/a";
  const files = {
    "proc/self/cgroup": "0::/a/b\n",
    [`${group}/memory.max`]: "500\n",
    [`${group}/memory.current`]: "300\n",
    [`${group}/memory.stat`]: "anon 200\ninactive_file 40\n",
    [`${group}/b/memory.max`]: "max\n",
  };
  assert.equal(available(files), 240);
  assert.equal(available({ ...files, [`${group}/memory.current`]: "700\n" }), 0);
});

Deno.test("availableMemory() is what a group of version 1 leaves", () => {
  assert.equal(
    available({
      "proc/self/cgroup": "5:cpu:/x\n4:cpuset,memory:/x\n",
      "sys/fs/cgroup/memory/memory.limit_in_bytes": "400\n",
      "sys/fs/cgroup/memory/memory.usage_in_bytes": "100\n",
      "sys/fs/cgroup/memory/memory.stat": "total_inactive_file 10\n",
    }),
    310,
  );
});
