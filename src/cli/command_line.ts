import { Command, CommanderError, Option } from "commander";
import { RecipeError } from "../errors.ts";
import { own } from "../outside.ts";
import { usedBy } from "../recipe/combinations.ts";
import type { Purpose } from "../recipe/purposes.ts";
import { readRecipe } from "../recipe/read.ts";
import { finder, schemasOf, settingNamed } from "../recipe/recipe.ts";
import type { Reading } from "../recipe/settle.ts";
import type { Entry } from "../settings/entry.ts";
import type { Section } from "../settings/setting.ts";
import { kebabCase, keyOf } from "../settings/spelling.ts";
import type { About } from "./commands.ts";
import { NO_EFFECT, optionsOf, SHORT, termOf } from "./options.ts";

/** What a command accepts on its command line. */
export interface CommandLine {
  /** "sft", "data preview". */
  name: string;
  /** What its settings are for; those that this purpose uses are flags. A file may hold any setting. */
  purpose: Purpose;
  /** The stage that the command stands for, if any. */
  stage?: string;
  /** Default: all of ftx. A program may add sections of its own. */
  sections?: readonly Section[];
  about: About;
}

/**
 * Reads a command's arguments and the settings file among them. Returns undefined after printing `--help`.
 * Throws RecipeError with every problem of flags and file, one a line.
 */
export async function readCommandLine(args: readonly string[], line: CommandLine): Promise<Reading | undefined> {
  const command = commandOf(line);
  try {
    command.parse(args.map(withDashes), { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.helpDisplayed") return undefined;
    throw new RecipeError(inOurWords(error));
  }
  const { file, flags, problems } = understand(command, line);
  return await readRecipe({ file, flags, problems, ...line });
}

/** The command with a flag for each setting, grouped as in `--help`. */
export function commandOf({ name, purpose, stage, sections, about }: CommandLine): Command {
  const used = usedBy(purpose, sections), schemas = schemasOf(used), named = finder(schemas);
  const command = new Command(`ftx ${name}`)
    .description(about.summary)
    .usage(about.usage)
    .allowUnknownOption() // settle() knows what to say about them
    .allowExcessArguments()
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .addHelpOption(new Option("-h, --help", "Print this text").helpGroup("Help:"))
    .configureHelp({
      helpWidth: HELP_WIDTH,
      optionTerm: (option) => termOf(option, schemas[named(option.attributeName())!]),
    })
    .addHelpText(
      "after",
      `\nFILE (YAML or JSON) can hold every setting too: write --lora-rank 8 as lora_rank: 8.`,
    );
  const flags = used.flatMap((section) => optionsOf(section, { names: new Set(Object.keys(schemas)), stage }));
  for (const idle of [false, true]) { // those without effect come last
    flags.filter((flag) => (flag.helpGroupHeading === `${NO_EFFECT}:`) === idle).forEach((flag) =>
      command.addOption(flag)
    );
  }
  for (const section of used) {
    if ("finetuningType" in section.shape) {
      for (const [flag, { name, value }] of Object.entries(SHORT)) {
        command.addOption(new Option(`--${flag}`, `--${kebabCase(name)} ${value}`).helpGroup(`${section.title}:`));
      }
    }
  }
  return command;
}

const HELP_WIDTH = Math.min(widthOfTerminal(), 120);

function widthOfTerminal(): number {
  try {
    return Deno.consoleSize().columns;
  } catch {
    return 120; // not a terminal
  }
}

// `--lora_rank`, as LLaMA-Factory's flags are spelled.
function withDashes(arg: string): string {
  return arg.replace(/^--[^=]+/, (flag) => flag.replaceAll("_", "-"));
}

function inOurWords(error: CommanderError): string {
  const option = /option '(.*?)'/.exec(error.message)?.[1].replace(/ [<[].*/, "");
  if (error.code === "commander.optionMissingArgument") return `Cannot use ${option}: it needs a value`;
  return error.message.replace(/^error: /, "");
}

interface Understood {
  file?: string;
  flags: Entry[];
  problems: string[];
}

function understand(command: Command, line: CommandLine): Understood {
  const understood: Understood = { flags: [], problems: [] };
  for (const [attribute, value] of Object.entries(command.opts())) {
    const where = `--${kebabCase(attribute)}`;
    const short = SHORT[attribute];
    if (short !== undefined) {
      understood.flags.push({ name: short.name, value: short.value, where });
    } else if (typeof value === "string" && value.startsWith("--")) {
      understood.problems.push(`Cannot use ${where}: it needs a value, and ${value} is a flag`);
    } else if (typeof value === "string" && takesNoFile(command, attribute) && isOperand(value)) {
      operand(value, understood);
      understood.flags.push({ name: attribute, value: true, where });
    } else {
      understood.flags.push({ name: attribute, value, where });
    }
  }
  rest(command.args, understood, line);
  contradictions(understood);
  return understood;
}

// After a switch, `sft.yaml` and `a=b` are not its value: `ftx sft --plot-loss sft.yaml`.
function takesNoFile(command: Command, attribute: string): boolean {
  return command.options.some((option) => option.attributeName() === attribute && option.optional);
}

function isOperand(text: string): boolean {
  return /\.(ya?ml|json)$/i.test(text) || /^[A-Za-z_]\w*=/.test(text);
}

function operand(text: string, understood: Understood) {
  const assignment = /^([A-Za-z_]\w*)=(.*)$/s.exec(text);
  if (assignment) {
    const [, name, value] = assignment;
    understood.flags.push({ name, value: value === "null" ? null : value, where: "command line" });
  } else if (understood.file === undefined && isOperand(text)) {
    understood.file = text;
  } else {
    const why = isOperand(text)
      ? `${understood.file} is already the settings file; give one file`
      : "a settings file ends in .yaml, .yml or .json, and several values are written a,b";
    understood.problems.push(`Cannot use "${text}": ${why}`);
  }
}

function rest(args: readonly string[], understood: Understood, line: CommandLine) {
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (arg === "--") continue;
    if (!arg.startsWith("-")) {
      operand(arg, understood);
      continue;
    }
    const [flag, inline] = arg.split(/=(.*)/s);
    const next = args[i + 1];
    const hasNext = inline === undefined && next !== undefined && !next.startsWith("--") && !isOperand(next);
    const value = inline ?? (hasNext ? args[++i] : true);
    const known = settingNamed(flag) ?? own(SHORT, flag.slice(2))?.name;
    if (known === undefined) understood.flags.push({ name: keyOf(flag), value, where: flag });
    else understood.problems.push(`Cannot use ${flag} with ftx ${line.name}: this command does not use it`);
  }
}

function contradictions({ flags, problems }: Understood) {
  const types = flags.filter((flag) => settingNamed(flag.name) === "finetuningType");
  if (new Set(types.map((flag) => flag.value)).size > 1) {
    problems.push(`Cannot use ${types.map((flag) => flag.where).join(" with ")}: choose one`);
  }
}
