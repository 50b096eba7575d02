// What is wrong with the settings of a command is said before a hub is asked for anything, by a plan as by its run.

import assert from "node:assert/strict";
import { COMMANDS } from "../src/cli/commands.ts";
import { FtxError } from "../src/errors.ts";
import { HubScene } from "./hub/scene.ts";
import "./support/tensors.ts";

/** What each command needs. */
const NEEDS: Readonly<Record<string, string>> = {
  sft: "--dataset org/data",
  plan: "sft --dataset org/data",
  data: "preview --dataset org/data",
  chat: "--prompt hello",
  export: "--export-dir nowhere",
};

const EVERY = Object.keys(NEEDS), TRAINS = ["sft", "plan"], READS = [...TRAINS, "data"];

const finished = Deno.makeTempDirSync();
Deno.writeTextFileSync(`${finished}/model.safetensors`, "");
addEventListener("unload", () => Deno.removeSync(finished, { recursive: true }));

/** Commands, arguments besides what they need, and what each of them says. */
const WRONG: readonly [commands: readonly string[], args: string, sentence: RegExp][] = [
  [
    EVERY,
    "--template chatmll",
    /^Cannot use template = "chatmll" \(--template\): choose one of .*; did you mean "chatml"\?$/,
  ],
  [READS, "--tool-format qwem", /^Cannot use tool_format = "qwem" .*did you mean "qwen"\?$/],
  [
    READS,
    "--dataset nowhere",
    /^Cannot find dataset "nowhere": .* that could name it; check the path, or give org\/name/,
  ],
  [READS, "--eval-dataset x.json --do-eval", /^Cannot find dataset "x.json"/],
  [READS, "--dataset ffi/shim.h", /^Cannot read "ffi\/shim.h": ftx does not read this type of file; /],
  [TRAINS, "--output-dir deno.json", /^Cannot use output_dir = "deno.json": it is a file; name a folder$/],
  [
    TRAINS,
    "--output-dir examples/tiny",
    /^Cannot train into "examples\/tiny": it holds "model.safetensors" of an earlier/,
  ],
  [TRAINS, "--adapter nowhere", /^Cannot load "nowhere": there is no such folder; give an adapter's folder/],
  [
    TRAINS,
    '--lr-scheduler-kwargs {"cycles":2}',
    /^Cannot use lr_scheduler_kwargs .*: cycles = 2 is not one of its options/,
  ],
  [["sft"], "--device cuda:99", /^Cannot use device = "cuda:99": /], // a plan may be for another machine
  [
    EVERY,
    "--model qwen3-0.6bb",
    /^Cannot load "qwen3-0.6bb": there is no such folder, .*; did you mean "qwen3-0.6b"\?$/,
  ],
];

for (const [commands, args, sentence] of WRONG) {
  Deno.test(`before a byte is downloaded, ${commands.join(", ")} refuse ${args}`, async () => {
    await using scene = await HubScene.make();
    using _ = variables({ HF_ENDPOINT: scene.hub.endpoint, HF_HUB_CACHE: scene.cache, HF_HUB_OFFLINE: undefined });
    for (const command of commands) {
      await assert.rejects(run(command, args), (error: Error) => {
        assert.ok(error instanceof FtxError, String(error.stack));
        assert.match(error.message, sentence, command);
        return true;
      });
    }
    assert.deepEqual(scene.hub.asked, []);
  });
}

async function run(command: string, args: string) {
  const { load, ...about } = COMMANDS[command];
  const { run } = await load();
  const line = `${NEEDS[command]} ${args.includes("--model") ? "" : "--model org/model "}${args}`;
  const own = args.includes("--dataset") ? line.replace("--dataset org/data ", "") : line;
  await run(own.split(" "), command, about);
}

/** Sets environment variables until it is disposed. */
function variables(wanted: Record<string, string | undefined>): Disposable {
  const set = (all: Record<string, string | undefined>) => {
    for (const [name, value] of Object.entries(all)) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  };
  const before = Object.fromEntries(Object.keys(wanted).map((name) => [name, Deno.env.get(name)]));
  set(wanted);
  return { [Symbol.dispose]: () => set(before) };
}
