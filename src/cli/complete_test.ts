import assert from "node:assert/strict";
import { COMMANDS } from "./commands.ts";

const run = async (args: string[]) => await (await COMMANDS.complete.load()).run(args, "complete", COMMANDS.complete);

/** What `ftx complete` prints for these words, a line each, without what describes them. */
async function printed(...args: string[]): Promise<string[]> {
  const lines: string[] = [], before = console.log;
  console.log = (text: string) => void lines.push(...text.split("\n"));
  try {
    await run(args);
  } finally {
    console.log = before;
  }
  return lines;
}
const after = async (...words: string[]) =>
  (await printed("--", ...words)).filter((line) => !line.startsWith(":")).map((line) => line.split("\t")[0]);

Deno.test("ftx complete knows commands, their words, flags and values", async () => {
  assert.deepEqual(await after(""), Object.keys(COMMANDS));
  assert.deepEqual(await after("sc"), ["schema"]);
  assert.deepEqual(await after("data", ""), ["preview"]);
  assert.deepEqual(await after("sft", "--lora-r"), ["--lora-rank"]);
  assert.deepEqual(await after("chat", "--lora-r"), []);
  assert.deepEqual(await after("sft", "--finetuning-type", ""), ["lora", "freeze", "full"]);
  assert.deepEqual(await after("train", "--report-to", "t"), ["tensorboard"]);
  assert.deepEqual(await after("setup", "--c"), ["--cpu", "--cuda"]);
  assert.ok((await after("train", "")).includes("deno.json"));
});

Deno.test("ftx complete prints a script that bash can read", async () => {
  const script = (await printed("bash")).join("\n");
  assert.match(script, /ftx complete -- /);
  const bash = new Deno.Command("bash", { args: ["-n"], stdin: "piped", stderr: "piped" }).spawn();
  const writer = bash.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  const { success, stderr } = await bash.output();
  assert.ok(success, new TextDecoder().decode(stderr));
  for (const shell of ["zsh", "fish", "powershell"]) assert.ok((await printed(shell)).length > 10, shell);
});

Deno.test("ftx complete says which shells there are", async () => {
  await assert.rejects(run([]), {
    message: "Cannot complete without a shell: name one of bash, zsh, fish, powershell",
  });
  await assert.rejects(run(["zs"]), {
    message: 'Cannot complete in "zs": choose one of bash, zsh, fish, powershell; did you mean "zsh"?',
  });
});
