import assert from "node:assert/strict";
import { Small } from "./small.ts";

Deno.test("the launcher unpacks at the first start, and only executes at later ones", async () => {
  await using small = await Small.build();
  const first = await small.start();
  assert.deepEqual(first, { code: 0, out: small.line(), err: "" });
  assert.deepEqual(small.entries(), [small.unpacked().slice(-32), "lock"]);
  assert.equal(Deno.readTextFileSync(`${small.unpacked()}/deep/er/a file`), "with a space\n");
  assert.equal(Deno.statSync(`${small.unpacked()}/empty`).size, 0);
  assert.equal(Deno.statSync(`${small.unpacked()}/zeros`).size, 3 << 20);
  assert.equal((Deno.statSync(`${small.unpacked()}/program`).mode ?? 0) & 0o777, 0o755);
  assert.equal((Deno.statSync(small.unpacked()).mode ?? 0) & 0o777, 0o700);
  const before = Deno.statSync(small.unpacked()).ctime;
  assert.deepEqual(await small.start(), first);
  assert.deepEqual(Deno.statSync(small.unpacked()).ctime, before);
});

Deno.test("the launcher hands over words, exit codes and signals", async () => {
  await using small = await Small.build();
  const odd = await small.start(["two words", "{root}\t'\"*"]);
  assert.equal(odd.out, `root=${small.unpacked()} words=2 [two words] [{root}\t'"*]\n`);
  for (const code of [0, 1, 5, 143]) assert.equal((await small.start(["exit", String(code)])).code, code);
  const child = new Deno.Command(small.file, { args: ["wait"], env: { HOME: small.home }, stdout: "piped" }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  while (!/\n\d+\n/.test(said)) said += (await reader.read()).value;
  assert.equal(Number(said.split("\n")[1]), child.pid); // the program is the process that was started
  child.kill("SIGTERM");
  assert.equal((await child.status).signal, "SIGTERM");
  await reader.cancel();
});

Deno.test("the launcher starts through a link, and with no environment at all", async () => {
  await using small = await Small.build();
  await Deno.symlink(small.file, `${small.folder}/link`);
  const { success } = await new Deno.Command(`${small.folder}/link`, {
    env: { XDG_CACHE_HOME: `${small.folder}/xdg`, HOME: "/nowhere" },
    clearEnv: true,
  }).output();
  assert.ok(success);
  assert.equal(small.entries(`${small.folder}/xdg/ftx/bin`).length, 2);
});

Deno.test("first starts at the same moment all succeed, and unpack once", async () => {
  await using small = await Small.build(8 << 20);
  for (let round = 0; round < 3; round++) {
    await small.forget();
    const all = await Promise.all(Array.from({ length: 8 }, () => small.start()));
    for (const { code, out, err } of all) {
      assert.deepEqual([code, out], [0, small.line()]);
      assert.match(err, /^(note: waiting for another first start of ftx\n)?$/);
    }
    assert.deepEqual(small.entries(), [small.unpacked().slice(-32), "lock"]);
  }
});

Deno.test("two builds live side by side in one cache", async () => {
  await using one = await Small.build(), other = await Small.build(1000);
  await one.start();
  const { out } = await other.start([], { env: { HOME: one.home } });
  assert.match(out, /^root=/);
  assert.equal(one.entries().length, 3);
  assert.equal((await one.start()).code, 0);
});

Deno.test("a system without the runtime's loader is told what ftx needs", async () => {
  await using small = await Small.build(0, "#!/nowhere/ld-linux\n");
  assert.deepEqual(await small.start(), {
    code: 2,
    out: "",
    err: "error: Cannot start ftx: this system has no glibc for x86-64; use a Linux with glibc 2.27 or newer\n",
  });
});
