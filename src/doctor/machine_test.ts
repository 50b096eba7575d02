import assert from "node:assert/strict";
import { allowedCores, cpuFinding, diskFindings, memoryFinding, threadsFinding } from "./machine.ts";

const home = Deno.makeTempDirSync();
Deno.test.afterAll(() => Deno.removeSync(home, { recursive: true }));

Deno.test("cpuFinding() names the instructions that training gains from", () => {
  const info = (flags: string) => `processor\t: 0\nmodel name\t: AMD EPYC\nflags\t\t: fpu ${flags}\n`;
  assert.deepEqual(cpuFinding(info("avx2 avx512f avx512_bf16 amx_bf16")), {
    name: "cpu",
    state: "ok",
    text: "AMD EPYC: AVX2, AVX-512, bf16 (AVX-512), bf16 (AMX)",
    facts: { model: "AMD EPYC", features: ["AVX2", "AVX-512", "bf16 (AVX-512)", "bf16 (AMX)"] },
  });
  const old = cpuFinding(info("sse2"));
  assert.equal(old.state, Deno.build.arch === "x86_64" ? "warning" : "ok");
});

Deno.test("threadsFinding() warns of more threads than the container's cores", () => {
  assert.equal(threadsFinding(8, 16, 8).text, "libtorch uses 8 threads; 16 cores, of which this process may use 8");
  assert.equal(threadsFinding(undefined, 16, 16).text, "16 cores");
  const much = threadsFinding(16, 16, 2.5);
  assert.deepEqual([much.state, much.remedy], [
    "warning",
    "set OMP_NUM_THREADS=2: more threads than cores slow each other down",
  ]);
});

/** The cores allowed where the system's files say this. */
function cores(files: Record<string, string>): number {
  const root = Deno.makeTempDirSync({ dir: home });
  for (const [name, text] of Object.entries(files)) {
    Deno.mkdirSync(`${root}/${name}`.replace(/\/[^/]*$/, ""), { recursive: true });
    Deno.writeTextFileSync(`${root}/${name}`, text);
  }
  return allowedCores(16, 12, root);
}

Deno.test("allowedCores() is the least of what binding and groups of both versions allow", () => {
  assert.equal(cores({}), 12);
  const two = { "proc/self/cgroup": "0::/a/b\n" };
  assert.equal(
    cores({ ...two, "sys/fs/cgroup/a/cpu.max": "250000 100000\n", "sys/fs/cgroup/a/b/cpu.max": "max 100000\n" }),
    2.5,
  );
  const one = { "proc/self/cgroup": "3:cpu,cpuacct:/a\n", "sys/fs/cgroup/cpu/a/cpu.cfs_period_us": "100000\n" };
  assert.equal(cores({ ...one, "sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": "400000\n" }), 4);
  assert.equal(cores({ ...one, "sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": "-1\n" }), 12);
});

Deno.test("memoryFinding() warns below 2 GiB", () => {
  assert.equal(
    memoryFinding(20 * 2 ** 30, 24 * 2 ** 30).text,
    "20.0 GiB available to this process, the machine has 24.0 GiB",
  );
  assert.equal(memoryFinding(2 ** 30, 24 * 2 ** 30).state, "warning");
});

Deno.test("diskFindings() tells room, little room, and folders that cannot be written", () => {
  const [cache, folder] = diskFindings({ cache: `${home}/not/yet`, folder: home }, () => 2 ** 33);
  assert.deepEqual([cache.state, cache.text], ["ok", `8.0 GiB free in "${home}/not/yet"`]);
  assert.equal(folder.text, `8.0 GiB free in "${home}"`);
  assert.equal(diskFindings({ cache: home }, () => 2 ** 30)[0].state, "warning");
  const [closed, here] = diskFindings({ cache: "/proc/ftx", folder: "/proc" });
  assert.deepEqual([closed.state, here.state], ["problem", "warning"]);
  assert.match(closed.text, /^"\/proc\/ftx" cannot be written \([^/]+\)$/);
  assert.deepEqual(
    Array.from(Deno.readDirSync(home), ({ name }) => name).filter((name) => name.startsWith(".ftx")),
    [],
  );
});
