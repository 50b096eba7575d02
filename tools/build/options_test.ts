import assert from "node:assert/strict";
import { readOptions } from "./options.ts";

Deno.test("readOptions() takes several libtorchs, and dist/ftx where nothing is said", () => {
  assert.deepEqual(readOptions([], "/clone"), { libtorchs: [], out: "/clone/dist/ftx", way: "auto", level: 19 });
  const args = "--libtorch /a --libtorch /b/ --out /tmp/ftx --way launcher --level 3".split(" ");
  assert.deepEqual(readOptions(args, "/clone"), {
    libtorchs: ["/a", "/b"],
    out: "/tmp/ftx",
    way: "launcher",
    level: 3,
  });
});

Deno.test("readOptions() says what it does not know", () => {
  const use = "use --libtorch DIR (repeated), --out FILE, --way auto|compile|launcher, --level 1…19";
  const cases: [string[], string][] = [
    [["--fast"], `Cannot build: Unknown option '--fast'; ${use}`],
    [["--way", "slow"], 'Cannot build with --way "slow": choose one of auto, compile, launcher'],
    [["--level", "0"], 'Cannot build with --level "0": choose 1 to 19'],
    [["--level", "22"], 'Cannot build with --level "22": choose 1 to 19'],
  ];
  for (const [args, message] of cases) assert.throws(() => readOptions(args, "/"), { name: "FtxError", message });
});
