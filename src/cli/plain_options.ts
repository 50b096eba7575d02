import { Command, CommanderError, Option } from "commander";
import { FtxError } from "../errors.ts";
import { didYouMean } from "../settings/nearest.ts";
import type { About } from "./commands.ts";

/** A command that takes flags but no settings file. `flags`: each flag as commander spells it, and its help. */
export interface PlainCommand {
  name: string;
  about: About;
  flags: Readonly<Record<string, string>>;
}

/** Reads the arguments of such a command: the given flags, in camelCase. Returns undefined after printing `--help`. */
export function plainOptions(
  args: string[],
  { name, about, flags }: PlainCommand,
): Record<string, unknown> | undefined {
  const command = new Command(`ftx ${name}`).description(about.summary).usage(about.usage).exitOverride()
    .configureOutput({ writeErr: () => {} }).configureHelp({ helpWidth: 110 }).showSuggestionAfterError(false)
    .addHelpOption(
      new Option("-h, --help", "Print this text"),
    );
  for (const [flag, help] of Object.entries(flags)) command.addOption(new Option(flag, help));
  try {
    command.parse(args, { from: "user" });
    return command.opts();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.helpDisplayed") return undefined;
    throw new FtxError(sentence(error, name, args, command));
  }
}

function sentence({ code, message }: CommanderError, name: string, args: string[], command: Command): string {
  const [, quoted = ""] = message.match(/'(.*?)'/) ?? [];
  const flag = quoted.replace(/ [<[].*/, "");
  if (code === "commander.optionMissingArgument") return `Cannot use ${flag}: it needs a value`;
  if (code === "commander.unknownOption") {
    const meant = didYouMean(flag, command.options.map((option) => option.long!));
    return `Cannot use ${flag} with ftx ${name}: it has no such flag; ftx ${name} --help lists its flags${meant}`;
  }
  const word = args.find((arg) => !arg.startsWith("-"));
  return `Cannot use "${word}" with ftx ${name}: it takes only flags; ftx ${name} --help lists its flags`;
}
