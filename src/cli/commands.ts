import { STAGE_NAMES, STAGE_SUMMARIES } from "../train/stage_names.ts";

/** What `ftx help` says about a command. */
export interface About {
  readonly summary: string;
  /** What follows its name. */
  readonly usage: string;
}

/** A command of ftx and where its code is. Help loads none of that code, which keeps `ftx --help` fast. */
export interface CommandEntry extends About {
  readonly load: () => Promise<{ run(args: string[], name: string, about: About): Promise<void> | void }>;
}

const train = () => import("./train.ts");
const settings = "[FILE] [settings]";

/** Every command, in the order of `ftx help`. To add one, add a line here and a file in this folder. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  train: { summary: "Train as a settings file says", usage: "FILE [settings]", load: train },
  ...Object.fromEntries(
    STAGE_NAMES.map((name) => [name, { summary: STAGE_SUMMARIES[name], usage: settings, load: train }]),
  ),
  plan: {
    summary: "Estimate the memory, work and speed of a run",
    usage: `[${STAGE_NAMES.join("|")}] ${settings}`,
    load: () => import("./plan.ts"),
  },
  chat: { summary: "Chat with a model, or answer one --prompt", usage: settings, load: () => import("./chat.ts") },
  export: {
    summary: "Merge adapters into their model and write the result",
    usage: settings,
    load: () => import("./export.ts"),
  },
  data: {
    summary: "Show what a run would learn: ftx data preview",
    usage: `preview ${settings}`,
    load: () => import("./data.ts"),
  },
  models: {
    summary: "List, search and remove downloaded models and data sets",
    usage: "[list|size|search [TERM]|remove NAME] [flags]",
    load: () => import("./models.ts"),
  },
  schema: {
    summary: "Print a JSON Schema of settings files, for editors",
    usage: "",
    load: () => import("./schema.ts"),
  },
  complete: {
    summary: "Print the completion script of a shell: bash, zsh, fish or powershell",
    usage: "bash|zsh|fish|powershell",
    load: async () => {
      const { complete } = await import("./complete.ts");
      return { run: (args, name, about) => complete(args, { name, about, commands: COMMANDS }) };
    },
  },
  setup: { summary: "Find or download libtorch and prepare ftx", usage: "[flags]", load: () => import("./setup.ts") },
  doctor: {
    summary: "Check everything that a run needs, and say what to fix",
    usage: "[--json]",
    load: () => import("./doctor.ts"),
  },
  version: {
    summary: "Print the versions of ftx, Deno, the shim and libtorch",
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
    "  " + "help".padEnd(width) + "Print this text, or the help of a command",
    "",
    "  ftx sft --model llama-2-7b --lora --dataset alpaca_en",
    "  ftx train llama3_lora_sft.yaml --learning-rate 1e-5",
    "  ftx chat --model llama-2-7b --adapter runs/llama-2-7b-sft-lora",
    "",
    "Settings come from a YAML or JSON file and from flags, which override the file. They have LLaMA-Factory's names:",
    "lora_rank in a file is --lora-rank on the command line. ftx COMMAND --help lists them. --debug adds a stack trace",
    "to an error.",
  ].join("\n");
}
