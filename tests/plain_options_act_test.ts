// Every flag of the commands that take no settings acts, or is refused in one sentence; so does every word. The help of a
// command lists its flags, its completion its words.

import assert from "node:assert/strict";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { findLibtorch, findShims, minor } from "../src/libtorch/mod.ts";
import { earlierShim } from "../src/setup/mod.ts";
import { denoDir } from "../tools/build/denort.ts";
import { ftx, words } from "./ftx.ts";
import { LoopbackHub } from "./hub/server.ts";
import { listening } from "./listening.ts";

// ftx as its binary unpacks it: there, setup leaves its results in the user's cache, not in this clone.
const ROOT = fileURLToPath(new URL("..", import.meta.url)), home = Deno.makeTempDirSync(), root = `${home}/program`;
const libtorch = findLibtorch(), [shim = earlierShim(libtorch)] = findShims(libtorch);
Deno.mkdirSync(`${root}/shims`, { recursive: true });
for (const it of ["main.ts", "src", "ffi", "templates", "deno.json"]) Deno.symlinkSync(ROOT + it, `${root}/${it}`);
Deno.copyFileSync(shim!.path, `${root}/shims/libftx-${minor(libtorch.version)}.so`);
const { COMMANDS }: typeof import("../src/cli/commands.ts") = await import(`${root}/src/cli/commands.ts`);
const { explain }: typeof import("../src/cli/failure.ts") = await import(`${root}/src/cli/failure.ts`);

/** A folder with the names of the files of a libtorch 2.13.0, and of `more`; all are empty. */
function hollow(...more: string[]): string {
  const folder = Deno.makeTempDirSync({ dir: home }), api = "include/torch/csrc/api/include/torch/all.h";
  for (const file of ["lib/libc10.so", "lib/libtorch_cpu.so", "include/ATen/Operators.h", api, ...more]) {
    Deno.mkdirSync(dirname(`${folder}/${file}`), { recursive: true });
    Deno.writeTextFileSync(`${folder}/${file}`, "");
  }
  Deno.writeTextFileSync(`${folder}/build-version`, "2.13.0\n");
  return folder;
}

const hub = await LoopbackHub.start(); // and a package index that has nothing
for (const kind of ["model", "dataset"] as const) for (const id of ["org/b", "org/a"]) hub.add(kind, id, {});
type Variables = Record<string, string>;
const VARIABLES: Variables = {
  ...{ HF_HUB_OFFLINE: "", HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: "cache", HF_HOME: "home", HF_TOKEN: "" },
  ...{ PATH: "/nowhere", XDG_CACHE_HOME: `${home}/user`, DENO_DIR: await denoDir(), FTX_LIBTORCH: hollow() },
  ...{ PIP_CONFIG_FILE: "/dev/null", PIP_INDEX_URL: "", PIP_EXTRA_INDEX_URL: "", PIP_FIND_LINKS: "" },
};
const before = Object.keys(VARIABLES).map((name) => [name, Deno.env.get(name)] as const);
Deno.chdir(home);
Deno.test.afterAll(async () => {
  for (const [name, value] of before) value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
  await hub[Symbol.asyncDispose]();
  Deno.chdir(ROOT);
  Deno.removeSync(home, { recursive: true });
});

/** What a line prints, how it ends, what it asks of the network, and what it leaves of a cache with one, empty model. */
async function see(line: string, variables: Variables = {}) {
  for (const [name, value] of Object.entries({ ...VARIABLES, ...variables })) Deno.env.set(name, value);
  Deno.mkdirSync("cache/models--org--a", { recursive: true });
  hub.asked.length = 0;
  const [name, ...args] = words(line), { load, ...about } = COMMANDS[name];
  const { out, err, error } = await listening(async () => await (await load()).run(args, name, about));
  const { text, exitCode } = error === undefined ? { text: "", exitCode: Deno.exitCode } : explain(error);
  Deno.exitCode = 0;
  assert.doesNotMatch(text, /has a bug/);
  return {
    out: name === "doctor" ? out.replace(/\d.*/g, "") : out, // it measures memory and disks
    ...{ err: err + text, exitCode },
    asked: hub.asked.map(({ path, token }) => [path, token]),
    left: Array.from(Deno.readDirSync("cache"), (entry) => entry.name),
  };
}

/** Flags that act: a line that shows it, and what follows with the flag. Any other flag is refused. */
const ACTS: Readonly<Record<string, [line: string, flag: string, variables?: Variables]>> = {
  "models list --cache-dir": ["models list", "--cache-dir other"],
  "models list --json": ["models list", "--json"],
  "models size --cache-dir": ["models size", "--cache-dir other"],
  "models size --json": ["models size", "--json"],
  "models search --hf-hub-token": ["models search org", "--hf-hub-token hf_good"],
  "models search --datasets": ["models search org", "--datasets"],
  "models search --limit": ["models search org", "--limit 1"],
  "models search --json": ["models search org", "--json"],
  "models remove --cache-dir": ["models remove org/a --yes", "--cache-dir other"],
  "models remove --yes": ["models remove org/a", "--yes"],
  "models remove --json": ["models remove org/a --yes", "--json"],
  "setup --cpu": ["setup", "--cpu", { FTX_LIBTORCH: hollow("lib/libtorch_cuda.so") }],
  "setup --cuda": ["setup", "--cuda"],
  "setup --fetch": ["setup", "--fetch"],
  "setup --libtorch-version": ["setup", "--libtorch-version 2.12.1"],
  "setup --index-url": ["setup --fetch --cpu", `--index-url ${hub.endpoint}/simple`],
  "setup --json": ["setup", "--json", { FTX_LIBTORCH: libtorch.root }],
  "doctor --json": ["doctor", "--json", { FTX_LIBTORCH: "/nowhere", HF_HUB_OFFLINE: "1" }],
};

/** What must follow some words; pt refuses its flag. */
const NEEDS: Variables = { search: "org", remove: "org/a --yes", pt: "--mask-history", sft: "--mask-history" };
const whole = (line: string) => `${line} ${NEEDS[line.split(" ").at(-1)!] ?? ""}`;

const acting = new Set<string>(); // rows about a flag that there is
for (const command of Object.keys(COMMANDS)) {
  const { out: help } = await see(`${command} --help`), { out: offered } = await see(`complete -- ${command} ""`);
  const own = Array.from(offered.matchAll(/^[^:\s]+/gm), String); // its words
  Deno.test(`each word of ftx ${command} acts, and another is refused`, async () => {
    const seen = new Set<string>(), all = ["nothing", ...own];
    for (const word of all) seen.add(JSON.stringify(await see(whole(`${command} ${word}`))).replaceAll(word, "WORD"));
    assert.equal(seen.size, all.length);
    assert.match([...seen][0], /^{"out":"","err":"error: Cannot (use|run|complete in) [^\n]*WORD/);
  });
  if (help.includes("FILE (YAML or JSON)")) continue; // takes settings
  for (const line of own.length ? own.map((word) => `${command} ${word}`) : [command]) {
    for (const [, flag, value] of help.matchAll(/^ {2}(--[\w-]+)( <)?/gm)) {
      const [shows, withFlag, variables] = ACTS[`${line} ${flag}`] ?? [];
      if (shows) acting.add(`${line} ${flag}`);
      Deno.test(`ftx ${line} ${flag} ${shows ? "acts" : "is refused"}`, async () => {
        if (shows) {
          const without = await see(shows, variables);
          assert.deepEqual(await see(shows, variables), without, "nothing but the flag makes a difference");
          return assert.notDeepEqual(await see(`${shows} ${withFlag}`, variables), without);
        }
        const { out, err, exitCode } = await see(`${whole(line)} ${flag}${value ? " 1" : ""}`);
        assert.deepEqual([out, exitCode], ["", 2]);
        const why = /: it is a flag of [a-z, ]+ only; leave it out$/;
        assert.equal(err.replace(why, ""), `error: Cannot use ${flag} with ftx ${line}`);
      });
    }
    Deno.test(`ftx ${line} prints its help, and refuses what it does not have`, async () => {
      for (const flag of ["-h", "--help"]) assert.match((await see(`${whole(line)} ${flag}`)).out, /^Usage: ftx /);
      for (const word of ["surplus", "--surplus"]) {
        const { out, err, exitCode } = await see(`${whole(line)} ${word}`);
        assert.deepEqual([out, exitCode], ["", 2]);
        assert.match(err, new RegExp(`^error: Cannot use "?${word}"? with ftx ${command}.*: it (takes|has) [^\\n]+$`));
      }
    });
  }
}

Deno.test("every row is about a flag that there is", () => assert.deepEqual([...acting], Object.keys(ACTS)));

Deno.test("a flag says when something else keeps it from acting", async () => {
  for (const flag of ["--limit 3", "--datasets", "--hf-hub-token hf_good"]) {
    const why = "without a term: ftx asks the hub only for one; add it";
    assert.equal((await see(`models search ${flag}`)).err, `error: Cannot use ${flag.split(" ")[0]} ${why}`);
  }
  const note = 'note: --index-url does nothing: libtorch is here already; "ftx setup --fetch" downloads it\n';
  assert.equal((await see("setup --index-url http://x", { FTX_LIBTORCH: libtorch.root })).err, note);
});

Deno.test("the words and flags of ftx itself act", async () => {
  const lines = ["help", "help --help", "-h help", "help complete bash", "-V", "--version", "sft", "sft --debug"];
  const [help, twice, short, bash, v, version, sft, debug] = await Promise.all(lines.map((line) => ftx(home, line)));
  assert.deepEqual([twice, short, version, v.code], [help, help, v, 0]);
  assert.match(bash.out, /^Usage: ftx complete bash/);
  assert.match(debug.err.replace(sft.err, ""), /^Recipe/);
});
