import assert from "node:assert/strict";
import { COMMANDS } from "./commands.ts";
import { VERBS } from "./verbs.ts";

Deno.test("VERBS are no commands of ftx, and lead to some", () => {
  for (const [verb, instead] of Object.entries(VERBS)) {
    assert.ok(!Object.hasOwn(COMMANDS, verb), verb);
    const named = [...instead.matchAll(/ftx ([a-z]+)/g)].map(([, name]) => name).filter((name) => name !== "downloads");
    assert.ok(named.length > 0, verb);
    for (const name of named) assert.ok(name === "help" || Object.hasOwn(COMMANDS, name), `${verb}: ftx ${name}`);
  }
});

Deno.test("every verb of LLaMA-Factory is a command or leads to one", () => {
  for (const verb of ["api", "chat", "export", "train", "webchat", "webui", "env", "version", "eval", "merge"]) {
    assert.ok(Object.hasOwn(COMMANDS, verb) || Object.hasOwn(VERBS, verb), verb);
  }
});
