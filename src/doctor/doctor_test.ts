import assert from "node:assert/strict";
import { canRun, report, tokenizerFinding } from "./doctor.ts";
import { ok, problem, warning } from "./finding.ts";

const FINE = ok("cpu", "fast"),
  SLOW = warning("memory", "little", "buy some"),
  BROKEN = problem("shim", "none", "run it");

Deno.test("report() is a line for each finding, its remedy below, and whether ftx is ready", () => {
  assert.equal(
    report([FINE, SLOW, BROKEN]),
    [
      "ok       cpu     fast",
      "warning  memory  little",
      "                 -> buy some",
      "problem  shim    none",
      "                 -> run it",
      "",
      "ftx is not ready: 1 problem, 1 warning",
    ].join("\n"),
  );
  assert.match(report([FINE, SLOW, SLOW]), /\n\nftx is ready: 2 warnings$/);
  assert.equal(report([FINE], { colour: true }), "\x1b[32mok      \x1b[39m cpu  fast\n\nftx is ready");
});

Deno.test("canRun() is false for a problem only", () => {
  assert.deepEqual([canRun([FINE, SLOW]), canRun([FINE, BROKEN])], [true, false]);
});

Deno.test("tokenizerFinding() repeats what the system says", () => {
  assert.equal(tokenizerFinding({ seen: {} }).state, "ok");
  const { state, text } = tokenizerFinding({ failure: "cannot open shared object file" });
  assert.deepEqual([state, text], ["problem", "its addon does not load: cannot open shared object file"]);
});
