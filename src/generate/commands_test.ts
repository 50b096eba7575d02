import assert from "node:assert/strict";
import { commandIn } from "./commands.ts";

Deno.test("commandIn() knows the commands, and LLaMA-Factory's two without a slash", () => {
  assert.deepEqual(commandIn("/clear"), { name: "clear" });
  assert.deepEqual(commandIn("clear"), { name: "clear" });
  assert.deepEqual(commandIn(" /exit "), { name: "exit" });
  assert.deepEqual(commandIn("exit"), { name: "exit" });
  assert.deepEqual(commandIn("/quit"), { name: "exit" });
  assert.deepEqual(commandIn("/help"), { name: "help" });
  assert.deepEqual(commandIn("/system Be brief.\nBe kind."), { name: "system", text: "Be brief.\nBe kind." });
  assert.deepEqual(commandIn("/system"), { name: "system", text: "" });
});

Deno.test("commandIn() leaves questions to the model", () => {
  for (const line of ["", "How?", "exit now", "/etc/passwd is what?", "clear the table", "/ 2 = ?"]) {
    assert.equal(commandIn(line), undefined);
  }
});

Deno.test("commandIn() says so when there is no such command", () => {
  assert.throws(() => commandIn("/cls"), {
    name: "FtxError",
    message: 'Cannot run "/cls": there is no such command; /help lists them',
  });
});
