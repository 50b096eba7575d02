// `ftx chat` as other programs use it.

import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { loadChat } from "../src/generate/mod.ts";
import { makeRecipe } from "../src/recipe/mod.ts";
import { smallModel } from "./small_model.ts";

const main = new URL("../main.ts", import.meta.url).pathname;
const FLAGS = ["--template", "chatml", "--do-sample", "false", "--max-new-tokens", "8"];

/** Runs `ftx chat` with these lines on its standard input. */
async function run(model: string, args: string[], input = "") {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--cached-only", main, "chat", "--model", model, ...FLAGS, ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
  const child = command.spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

Deno.test("ftx chat answers one prompt, or each line it is given, and prints nothing but answers", async () => {
  const model = await smallModel();
  try {
    using chat = await loadChat(
      makeRecipe({ modelNameOrPath: model, template: "chatml", doSample: false, maxNewTokens: 8 }),
    );
    const system = "You are a helpful assistant.";
    const first = await chat.answer("How do I list images?", { system });

    const once = await run(model, ["--prompt", "How do I list images?", "--system", system]);
    assert.deepEqual(once, { code: 0, stdout: first + "\n", stderr: "" });

    const talk = await run(
      model,
      [],
      `/system ${system}\nHow do I list images?\nclear\nHow do I list images?\nexit\nno`,
    );
    assert.deepEqual([talk.code, talk.stdout], [0, `${first}\n${first}\n`]);

    const long = await run(model, ["--prompt", "a ".repeat(300)]);
    assert.deepEqual([long.code, long.stdout], [2, ""]);
    assert.match(long.stderr, /^error: Cannot answer a prompt of \d+ tokens: the model has 256 positions; shorten the/);
  } finally {
    rmSync(model, { recursive: true });
  }
});
