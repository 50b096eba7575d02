import assert from "node:assert/strict";
import { RunLock } from "./lock.ts";

const CHILD = `
import { RunLock } from "${import.meta.resolve("./lock.ts")}";
try {
  RunLock.take(Deno.args[0]);
  console.log("taken");
  setTimeout(() => {}, 60000);
} catch (error) {
  console.log(error.message);
}
`;

function spawn(folder: string): Deno.ChildProcess {
  const script = `data:application/typescript,${encodeURIComponent(CHILD)}`;
  return new Deno.Command(Deno.execPath(), { args: ["run", "-A", "--no-check", script, folder], stdout: "piped" })
    .spawn();
}

async function firstLine(child: Deno.ChildProcess): Promise<string> {
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await reader.read();
  await reader.cancel();
  return value.trim();
}

Deno.test("RunLock keeps a second run out, names the first, and is free once that is killed", async () => {
  const folder = Deno.makeTempDirSync();
  const first = spawn(folder);
  assert.equal(await firstLine(first), "taken");
  assert.throws(() => RunLock.take(folder), {
    message:
      `Cannot train into "${folder}": process ${first.pid} is writing there; wait for it or choose another output_dir`,
  });
  first.kill("SIGKILL");
  await first.status;
  using _lock = RunLock.take(folder);
  const second = spawn(folder);
  assert.match(await firstLine(second), new RegExp(`process ${Deno.pid} is writing there`));
  await second.status;
  Deno.removeSync(folder, { recursive: true });
});

Deno.test("RunLock is free again once disposed", () => {
  const folder = Deno.makeTempDirSync();
  for (let i = 0; i < 2; i++) {
    using _lock = RunLock.take(folder);
    assert.throws(() => RunLock.take(folder));
  }
  Deno.removeSync(folder, { recursive: true });
});
