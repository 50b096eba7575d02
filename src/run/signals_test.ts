import assert from "node:assert/strict";

// A loop that checks the signals as the training loop does, prints what it sees, and saves for a while before it ends.
const CHILD = `
import { Signals } from "${import.meta.resolve("./signals.ts")}";
using signals = new Signals({ say: (text) => console.log(text) });
signals.atOnce = Deno.args[0] === "-1";
console.log("ready");
let steps = 0;
while (!signals.stopRequested) {
  await new Promise((resolve) => setTimeout(resolve, 5));
  if (signals.takeSaveRequest()) console.log("save");
  if (++steps > 2000) Deno.exit(9);
}
console.log("stopped");
await new Promise((resolve) => setTimeout(resolve, Number(Deno.args[0])));
console.log("saved");
Deno.exit(signals.exitCode);
`;

async function run(
  saving: number,
  act: (child: Deno.ChildProcess, says: (word: string) => Promise<void>) => Promise<void>,
) {
  const script = `data:application/typescript,${encodeURIComponent(CHILD)}`;
  const args = ["run", "-A", "--no-check", script, String(saving)];
  const child = new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  const says = async (word: string) => {
    while (!said.includes(word)) {
      const { value, done } = await reader.read();
      if (done) return assert.fail(`the child ended without saying "${word}": ${said}`);
      said += value;
    }
  };
  await says("ready");
  await act(child, says);
  const { code } = await child.status;
  for (let read = await reader.read(); !read.done; read = await reader.read()) said += read.value;
  return { code, said: said.trim().split("\n").slice(1) };
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 143]] as const) {
  Deno.test(`${signal} lets the run finish its step and save, and exit with ${code}`, async () => {
    const ended = await run(0, async (child) => await Promise.resolve(child.kill(signal)));
    const once = signal === "SIGINT" ? "; once more to stop at once" : "";
    assert.deepEqual(ended, { code, said: [`${signal}: finishing this step and saving${once}`, "stopped", "saved"] });
  });
}

Deno.test("SIGINT again ends the run at once with 130, and nothing is saved", async () => {
  const { code, said } = await run(5000, async (child, says) => {
    child.kill("SIGINT");
    await says("stopped");
    await pause(400);
    child.kill("SIGINT");
  });
  assert.equal(code, 130);
  assert.equal(said.at(-1), "stopped");
});

Deno.test("ten signals in a burst count as one: the run saves", async () => {
  const { code, said } = await run(50, async (child) => {
    for (let i = 0; i < 10; i++) child.kill(i % 2 ? "SIGTERM" : "SIGINT");
    await pause(0);
  });
  assert(code === 130 || code === 143); // whichever JavaScript hears of first
  assert.equal(said.at(-1), "saved");
});

Deno.test("SIGUSR1 asks for a save each time, SIGPIPE and SIGXFSZ for nothing, and training continues", async () => {
  const { code, said } = await run(0, async (child, says) => {
    child.kill("SIGPIPE");
    child.kill("SIGXFSZ");
    child.kill("SIGUSR1");
    await says("save\n");
    child.kill("SIGUSR1");
    await says("save\nsave\n");
    child.kill("SIGTERM");
  });
  assert.equal(code, 143);
  assert.equal(said.filter((line) => line === "save").length, 2);
});

Deno.test("Signals ends a run at once while nothing would be lost", async () => {
  const { code, said } = await run(-1, (child) => {
    child.kill("SIGTERM");
    return Promise.resolve();
  });
  assert.equal(code, 143);
  assert.deepEqual(said, ["SIGTERM: stopping at once; nothing is lost"]);
});
