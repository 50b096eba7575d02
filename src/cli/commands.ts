import type { About } from "./about.ts";

/** A command of ftx, and where its code is. Nothing of it is loaded to show help, which is why `ftx --help` is quick. */
export interface CommandEntry extends About {
  readonly load: () => Promise<{ run(args: string[], name: string, about: About): Promise<void> | void }>;
}

const train = () => import("./train.ts");

/** Every command, in the order of `ftx help`. Adding one is a line here and a file beside this one. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  train: { summary: "Train as a settings file says", usage: "FILE [settings]", load: train },
  pt: { summary: "Pre-train on plain text", usage: "[FILE] [settings]", load: train },
  sft: { summary: "Fine-tune on instructions and conversations", usage: "[FILE] [settings]", load: train },
  plan: {
    summary: "Say what a run takes: memory, work, speed",
    usage: "[pt|sft] [FILE] [settings]",
    load: () => import("./plan.ts"),
  },
  chat: {
    summary: "Talk with a model, or answer one --prompt",
    usage: "[FILE] [settings]",
    load: () => import("./chat.ts"),
  },
  export: {
    summary: "Merge adapters and write a whole model",
    usage: "[FILE] [settings]",
    load: () => import("./export.ts"),
  },
  data: {
    summary: "Show what would be learned: ftx data preview",
    usage: "preview [FILE] [settings]",
    load: () => import("./data.ts"),
  },
  models: {
    summary: "Downloaded models and data: list, size, search [TERM], remove NAME",
    usage: "[list|size|search [TERM]|remove NAME] [flags]",
    load: () => import("./models.ts"),
  },
  schema: {
    summary: "Print a JSON Schema of settings files, for editors",
    usage: "",
    load: () => import("./schema.ts"),
  },
  setup: {
    summary: "Find or fetch libtorch and make ftx ready to run",
    usage: "[flags]",
    load: () => import("./setup.ts"),
  },
  doctor: {
    summary: "Say what runs need, how it is, and what to do",
    usage: "[--json]",
    load: () => import("./doctor.ts"),
  },
  version: {
    summary: "Print the versions of ftx, Deno, its shim and libtorch",
    usage: "",
    load: () => import("./version.ts"),
  },
};

/** What `ftx help` prints. */
export function overview(): string {
  const names = Object.keys(COMMANDS);
  const width = Math.max(...names.map((name) => name.length)) + 2;
  return [
    "ftx: fine-tune language models",
    "",
    "Usage: ftx COMMAND [FILE] [settings]",
    "",
    ...names.map((name) => "  " + name.padEnd(width) + COMMANDS[name].summary),
    "  " + "help".padEnd(width) + "Print this, or the help of a command",
    "",
    "  ftx sft --model llama-2-7b --lora --dataset alpaca_en",
    "  ftx train llama3_lora_sft.yaml --learning-rate 1e-5",
    "  ftx chat --model llama-2-7b --adapter runs/llama-2-7b-sft-lora",
    "",
    "Settings come from a YAML or JSON file and from flags, which override it; names are LLaMA-Factory's:",
    "lora_rank in a file is --lora-rank here. ftx COMMAND --help lists them. --debug shows where a failure began.",
  ].join("\n");
}
