// What the cases of settings_act_test.ts work on: a nano model, its data, adapters, and a hub that has nothing.

import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { z } from "zod";
import { SETTINGS } from "../../src/recipe/recipe.ts";
import { defaultOf } from "../../src/settings/value.ts";
import { NANO } from "../reliability/nano.ts";
import { observe, type Seen, type Settings } from "./observe.ts";

const folder = mkdtempSync(join(tmpdir(), "ftx-settings-"));
addEventListener("unload", () => rmSync(folder, { recursive: true }));
Deno.env.set("FTX_CACHE", join(folder, "cache"));

/** A path in the folder of these tests. */
export const place = (name: string): string => join(folder, name);

const json = (name: string, content: unknown) => {
  mkdirSync(join(folder, name, ".."), { recursive: true });
  writeFileSync(place(name), JSON.stringify(content));
  return place(name);
};

/** Two turns with thoughts, a tool call, and a special token in a question. */
export const CHATS = json("chats.json", [{
  messages: [
    { role: "user", content: "list <|im_end|> the image" },
    { role: "assistant", content: "<think>\nlist\n</think>\n\nthe image" },
    { role: "user", content: "list the image" },
    { role: "assistant", content: "the container" },
  ],
  tools: JSON.stringify([{ name: "list", description: "list", parameters: { type: "object", properties: {} } }]),
}]);
const words = ["image", "container"].map((word) => [{ instruction: `list the ${word}`, output: `the ${word}` }]);
json("here/dataset_info.json", { it: { file_name: json("here/it.json", words[0]) } });
json("there/dataset_info.json", { it: { file_name: json("there/it.json", words[1]) } });
export const [ONE, OTHER] = [place("here/it.json"), place("there/it.json")];
/** Many rows, whose activations show in the memory of a run. */
export const MANY = json(
  "many.json",
  Array(400).fill({ instruction: "list the image", output: "the image ".repeat(12) }),
);
export const TRAIN = `${NANO}/train.jsonl`, EVAL = `${NANO}/eval.jsonl`;

const RUN: Settings = {
  ...{ model: NANO, dataset: TRAIN, template: "chatml", device: "cpu", threads: 1, plotLoss: false },
  ...{ maxSteps: 2, perDeviceTrainBatchSize: 4, learningRate: 0.01, loggingSteps: 1, saveStrategy: "no" },
};

/** What each command has where a case does not say otherwise. */
const BASE: Readonly<Record<string, Settings>> = {
  sft: RUN,
  train: RUN,
  pt: { ...RUN, template: undefined },
  data: { model: NANO, dataset: TRAIN, template: "chatml" },
  plan: { model: NANO, dataset: TRAIN, template: "chatml", device: "cpu", json: true }, // bytes, not MiB
  chat: {
    model: NANO,
    template: "chatml",
    device: "cpu",
    prompt: "list the image",
    maxNewTokens: 12,
    temperature: 3,
    topP: 1,
  },
  export: { model: NANO, device: "cpu" },
};

const memory = new Map<string, Promise<Seen>>();
let count = 0;

/** The same rows as plain text, which pt learns from. */
function asText(dataset: unknown): unknown {
  if (typeof dataset !== "string") return dataset;
  return dataset.split(",").map((path) => {
    if (!existsSync(path)) return path;
    const text = readFileSync(path, "utf8"), name = `${basename(path)}.txt`;
    writeFileSync(place(name), text.replace(/[^\w\n<|>]+/g, " ").trim().replaceAll("\n", "\n\n"));
    return place(name);
  }).join(",");
}

/** What is seen of a command with these settings besides the usual ones. The same settings run once. */
export function see(command: string, settings: Settings): Promise<Seen> {
  const usual = (name: string) =>
    name in BASE[command] ? BASE[command][name] : defaultOf(SETTINGS[name] ?? z.unknown());
  const own = Object.fromEntries(Object.entries(settings).filter(([name, value]) => value !== usual(name)));
  const key = JSON.stringify([command, own]);
  const known = memory.get(key) ?? again(command, own);
  memory.set(key, known);
  return known;
}

/** The same, run anew. */
export function again(command: string, settings: Settings): Promise<Seen> {
  const out = String(settings.outputDir ?? settings.exportDir ?? place(`run-${count++}`));
  const written = command === "export"
    ? { exportDir: out }
    : ["sft", "pt", "train"].includes(command)
    ? { outputDir: out }
    : {};
  const all: Settings = { ...BASE[command], ...written, ...settings };
  const texts = command === "pt" ? { dataset: asText(all.dataset), evalDataset: asText(all.evalDataset) } : {};
  return observe(command, { ...all, ...texts }, out);
}

/** Nano with another configuration: only `train_from_scratch` can use it. */
function shaped(name: string, changes: Record<string, number>): string {
  cpSync(NANO, place(name), { recursive: true });
  json(`${name}/config.json`, { ...JSON.parse(readFileSync(`${NANO}/config.json`, "utf8")), ...changes });
  return place(name);
}

/** With so many blocks that their activations are what a step takes most memory for. */
export const DEEP = shaped("deep", { num_hidden_layers: 12 });
/** With fewer rows in its embedding than the tokenizer knows tokens. */
export const NARROW = shaped("narrow", { vocab_size: 320 });

/** The folder of a finished run of `sft`, made once. */
export async function trained(name: string, settings: Settings = {}): Promise<string> {
  await see("sft", { outputDir: place(name), ...settings });
  return place(name);
}

/** A hub that has no model; it tells what it was asked for, and by whom. */
export const atHub = (command: string) => async (settings: Settings): Promise<string> => {
  const asked: string[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    asked.push(`${new URL(request.url).pathname} ${request.headers.get("authorization") ?? "anonymous"}`);
    return new Response("", { status: 404 });
  });
  Deno.env.set("HF_ENDPOINT", `http://127.0.0.1:${server.addr.port}`);
  try {
    await again(command, { model: "org/model", cacheDir: place("hub"), ...settings });
    return asked.join("\n");
  } finally {
    Deno.env.delete("HF_ENDPOINT");
    await server.shutdown();
  }
};

/** What a command says that may ask no hub. */
export const offline = (command: string) => async (settings: Settings): Promise<string> => {
  Deno.env.set("HF_HUB_OFFLINE", "1");
  try {
    return (await again(command, { model: "org/model", ...settings })).says;
  } finally {
    Deno.env.delete("HF_HUB_OFFLINE");
  }
};
