import assert from "node:assert/strict";
import { lookAt } from "./look.ts";

const shell = (script: string) => lookAt("gpu", ["bash", "-c", script]);

Deno.test("lookAt() returns what the other process saw", async () => {
  assert.deepEqual(await shell("echo a note >&2; echo '{\"gpus\": []}'"), { seen: { gpus: [] } });
});

Deno.test("lookAt() lives to tell that the other process died, and how", async () => {
  assert.deepEqual(await shell("kill -SEGV $$"), { failure: "loading it crashes the process (SIGSEGV)" });
  assert.deepEqual(await shell("exit 3"), { failure: "loading it ends with exit code 3" });
  assert.deepEqual(await shell("echo warning >&2; echo error: Cannot load it >&2; exit 2"), {
    failure: "Cannot load it",
  });
});

Deno.test("lookAt() tells when the other process cannot be started or speaks no JSON", async () => {
  assert.match((await lookAt("gpu", ["/nowhere/ftx"])).failure!, /No such file|not found/i);
  assert.match((await shell("echo hello")).failure!, /JSON/);
});
