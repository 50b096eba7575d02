import { RootCommand, script } from "@bomb.sh/tab";
import { FtxError } from "../errors.ts";
import { type Purpose, PURPOSES } from "../recipe/purposes.ts";
import { schemasOf } from "../recipe/recipe.ts";
import { didYouMean } from "../settings/nearest.ts";
import { camelCase } from "../settings/spelling.ts";
import { choices } from "../settings/value.ts";
import { STAGE_NAMES } from "../train/stage_names.ts";
import { commandOf } from "./command_line.ts";
import type { About } from "./commands.ts";
import { plainOptions } from "./plain_options.ts";

const SHELLS = ["bash", "zsh", "fish", "powershell"];

/** What the settings of each command are for. */
const TAKES_SETTINGS: Readonly<Record<string, Purpose>> = {
  ...Object.fromEntries(["train", ...STAGE_NAMES].map((name) => [name, "train" as const])),
  ...{ plan: "plan", data: "preview", chat: "chat", export: "export" },
};

/** The flags of a command that takes no settings, and the words that it takes first. */
interface Plain {
  readonly FLAGS: Readonly<Record<string, string>>;
  readonly WORDS?: readonly string[];
}

const PLAIN: Readonly<Record<string, () => Promise<Plain>>> = {
  models: () => import("./models.ts"),
  setup: () => import("./setup.ts"),
  doctor: () => import("./doctor.ts"),
};

/** Words that other commands take first. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  data: ["preview"],
  plan: STAGE_NAMES,
  complete: SHELLS,
};

/** What is completed: the commands that there are, and this one's name and help. */
interface Asked {
  name: string;
  about: About;
  commands: Readonly<Record<string, About>>;
}

/**
 * `ftx complete bash`: prints the script that makes a shell complete ftx's commands, flags and values. The script calls
 * `ftx complete -- WORDS` at each Tab, which prints what may follow, a line each.
 */
export async function complete(args: string[], { name, about, commands }: Asked): Promise<void> {
  if (args[0] === "--") return (await completions(commands, args[1])).parse(args.slice(1));
  const [shell] = args;
  if (shell === undefined || shell.startsWith("-")) {
    if (plainOptions(args, { name, about, flags: {} }) === undefined) return;
    throw new FtxError(`Cannot complete without a shell: name one of ${SHELLS.join(", ")}`);
  }
  if (!SHELLS.includes(shell)) {
    throw new FtxError(
      `Cannot complete in "${shell}": choose one of ${SHELLS.join(", ")}${didYouMean(shell, SHELLS)}`,
    );
  }
  const alone = { name: `${name} ${shell}`, about: { ...about, usage: "" }, flags: {} };
  if (plainOptions(args.slice(1), alone) === undefined) return;
  script(shell, "ftx", "ftx");
}

/** Every command; of `name`, its words, flags and their values too. */
async function completions(commands: Asked["commands"], name: string | undefined): Promise<RootCommand> {
  const root = new RootCommand();
  for (const [command, about] of Object.entries(commands)) {
    const entry = root.command(command, about.summary);
    if (command !== name) continue;
    const words = WORDS[command] ?? (await PLAIN[command]?.())?.WORDS ?? await settingsFiles();
    entry.argument("word", (complete) => words.forEach((word) => complete(word, "")));
    for (const { flag, does, values } of await flagsOf(command, about)) {
      if (values === undefined) entry.option(flag, does);
      else entry.option(flag, does, (complete) => values.forEach((value) => complete(value, "")));
    }
  }
  return root;
}

interface Flag {
  flag: string;
  does: string;
  /** What may follow; empty: anything; undefined: nothing. */
  values?: readonly string[];
}

async function flagsOf(command: string, about: About): Promise<Flag[]> {
  const purpose = TAKES_SETTINGS[command];
  if (purpose === undefined) {
    const { FLAGS: flags } = await PLAIN[command]?.() ?? { FLAGS: {} };
    return Object.entries(flags).map(([flag, does]) => {
      const [name, value] = flag.slice(2).split(" ");
      return { flag: name, does, values: value === undefined ? undefined : [] };
    });
  }
  const schemas = schemasOf(PURPOSES[purpose].sections), stage = STAGE_NAMES.find((one) => one === command);
  const line = { name: command, purpose, stage, about };
  return commandOf(line).options.filter(({ hidden }) => !hidden).map(({ long, description, required }) => {
    const flag = long!.slice(2), schema = schemas[camelCase(flag)];
    return { flag, does: description.split(". ")[0], values: required ? schema && choices(schema) || [] : undefined };
  });
}

/** YAML and JSON files in this folder. */
async function settingsFiles(): Promise<string[]> {
  const names = await Array.fromAsync(Deno.readDir("."), ({ name }) => name).catch(() => []);
  return names.filter((name) => /\.(ya?ml|json)$/.test(name)).sort();
}
