// Runs the tests in several processes at once, one a core, and closes with one summary in the format of `deno test`.
//
//   deno task test                       all tests
//   deno task test src/nn tests/plan     those of some folders or files
//   deno task test --filter "resume"     flags go on to deno test
//
// `deno test --parallel` cannot be used: its workers are threads of one process, and a process has one libtorch.

import { existsSync, readdirSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { stripVTControlCharacters } from "node:util";

const ROOTS = ["src", "templates", "tests", "tools", "examples"];

/** These start whole runs of the command or measure memory: each file is a job of its own, and they start first. */
const LONG = [
  "tests/interop",
  "tests/plan",
  "tests/reliability",
  "tests/bad_input_test.ts",
  "tests/settings_act_test.ts",
];

const TEST_FILE = /_test\.ts$/;
const SUMMARY =
  /^(?:ok|FAILED) \| (\d+) passed(?: \((\d+) steps?\))? \| (\d+) failed(?: \((\d+) steps?\))?(?: \| (\d+) ignored)?/m;

const flagsAt = Deno.args.findIndex((word) => word.startsWith("-"));
const paths = flagsAt < 0 ? Deno.args : Deno.args.slice(0, flagsAt);
const flags = flagsAt < 0 ? [] : Deno.args.slice(flagsAt);
const missing = paths.find((path) => !existsSync(path));
if (missing !== undefined) {
  console.error(`Cannot run tests: there is no "${missing}"; name folders or test files, then flags of deno test`);
  Deno.exit(2);
}

const began = performance.now();
const files = (paths.length > 0 ? paths : ROOTS).flatMap(testFiles);
const queue = jobs(files);
const total = { passed: 0, steps: 0, failed: 0, ignored: 0 };
const red: string[] = [];
await Promise.all(Array.from({ length: Math.min(availableParallelism(), queue.length) }, work));

if (red.length > 0) console.log(`\nFailed, with the errors above:\n${red.map((job) => `  ${job}`).join("\n")}\n`);
const { passed, steps, failed, ignored } = total;
const seconds = Math.round((performance.now() - began) / 1000);
console.log(
  `${red.length > 0 ? "FAILED" : "ok"} | ${passed} passed (${steps} steps) | ${failed} failed | ${ignored} ignored ` +
    `(${Math.floor(seconds / 60)}m${seconds % 60}s)`,
);
Deno.exit(red.length > 0 ? 1 : 0);

/** The test files at or below a path, relative to the project. */
function testFiles(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: "utf8" }).filter((name) => TEST_FILE.test(name)).sort()
    .map((name) => join(path, name));
}

/** Long files alone and first; the others by folder, those of `tests` before the short ones of `src`. */
function jobs(files: string[]): string[][] {
  const isLong = (file: string) => LONG.some((path) => file.startsWith(path));
  const folders = Map.groupBy(files.filter((file) => !isLong(file)), (file) => file.split("/").slice(0, 2).join("/"));
  const short = [...folders].sort(([a], [b]) => Number(b.startsWith("tests")) - Number(a.startsWith("tests")));
  return [...files.filter(isLong).map((file) => [file]), ...short.map(([, members]) => members)];
}

/** Takes jobs until none is left; prints each one's output whole, so that those of two processes do not mix. */
async function work(): Promise<void> {
  for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "-A", "--no-check", "--cached-only", ...flags, ...job],
      env: { OMP_WAIT_POLICY: "passive" }, // idle threads of one process must not take the cores from the other
    }).output();
    await process.stdout.write(stdout);
    await process.stderr.write(stderr);
    count(job, code, new TextDecoder().decode(stdout));
  }
}

function count(job: string[], code: number, output: string): void {
  const summary = SUMMARY.exec(stripVTControlCharacters(output));
  const [passed, steps, failed, , ignored] = (summary?.slice(1) ?? []).map((n) => Number(n ?? 0));
  total.passed += passed ?? 0;
  total.steps += steps ?? 0;
  total.failed += failed ?? 0;
  total.ignored += ignored ?? 0;
  if (code === 0) return;
  red.push(job.join(" "));
  if (!failed) total.failed++; // the process died, or the file could not be loaded
}
