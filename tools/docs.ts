// Writes docs/settings.md from the declarations of commands and settings. Run: deno task docs

import { COMMANDS } from "../src/cli/commands.ts";
import { GROUPS } from "../src/recipe/known_keys.ts";
import { RENAMED } from "../src/recipe/other_names.ts";
import { PURPOSES } from "../src/recipe/purposes.ts";
import { SECTIONS } from "../src/recipe/recipe.ts";
import { onlyInWords } from "../src/settings/only.ts";
import { factsOf, type Section } from "../src/settings/setting.ts";
import { snakeCase } from "../src/settings/spelling.ts";
import { choices, defaultOf, kindOf } from "../src/settings/value.ts";

/** The page: every command, every setting, and the names of other programs that ftx reads. */
export function settingsPage(): string {
  return `${
    [
      "# Commands and settings",
      "`deno task docs` makes this page from the code; `ftx COMMAND --help` shows the same in a terminal, `ftx schema` prints a " +
      "JSON Schema.",
      "A setting has one name: `lora_rank: 8` in a YAML or JSON file is `--lora-rank 8` on the command line. A flag overrides the " +
      "file. A list is `a,b` or a YAML list; `null` leaves a setting out. In a file `${oc.env:NAME}` stands for an environment " +
      "variable. An unknown name, a wrong value and a contradiction are refused, all at once, each with its line.",
      "## Commands",
      table(
        ["command", "what it does"],
        Object.entries(COMMANDS).map(([name, { summary, usage }]) => [
          `\`${`ftx ${name} ${usage}`.trim()}\``,
          summary,
        ]),
      ),
      "`ftx plan` and `ftx data preview` take the arguments of a run; settings that do not change what they show are checked as " +
      "the run checks them. `ftx chat` and `ftx export` take these sections: " +
      `${named(PURPOSES.chat.sections)} (chat), ${named(PURPOSES.export.sections)} (export).`,
      ...SECTIONS.flatMap(sectionText),
      "## Accepted, without effect",
      table(
        ["setting", "why"],
        SECTIONS.flatMap(({ shape }) => Object.entries(shape as Section["shape"])).flatMap(
          ([name, schema]) => {
            const { note } = factsOf(schema as never);
            return note === undefined ? [] : [[`\`${snakeCase(name)}\``, note]];
          },
        ),
      ),
      "## Names that are read as another",
      table(
        ["in other programs, or earlier", "here"],
        Object.entries(RENAMED).map(([other, name]) => [
          `\`${other}\``,
          `\`${snakeCase(name)}\``,
        ]),
      ),
      "## Known, and not there yet",
      "These are refused by name where they ask for something, and accepted where they ask for nothing.",
      table(
        ["what", "settings"],
        GROUPS.map(([what, keys]) => [
          what,
          Object.keys(keys).map((key) => `\`${key}\``).join(", "),
        ]),
      ),
    ].join("\n\n")
  }\n`;
}

function sectionText({ title, shape }: Section): string[] {
  const rows = Object.entries(shape as Section["shape"]).flatMap(([name, schema]) => {
    const { description, unit, only, aliases = [], note } = factsOf(schema as never);
    if (note !== undefined) return [];
    const usual = defaultOf(schema as never), values = choices(schema as never);
    const facts = [
      description,
      values && `Values: ${values.map((value) => `\`${value}\``).join(", ")}`,
      only && `Only with ${onlyInWords(only)}`,
      aliases.length > 0 && `Also \`${aliases.map(snakeCase).join("`, `")}\``,
    ].filter(Boolean).join(". ");
    const empty = usual === undefined || usual === null || typeof usual === "object" && Object.keys(usual).length === 0;
    const shown = empty ? "" : `\`${Array.isArray(usual) ? usual.join(",") : usual}\``;
    const type = values === undefined ? kindOf(schema as never).replace(/,? such as .*/, "") : "choice";
    return [[`\`${snakeCase(name)}\``, unit === undefined ? type : `${type} (${unit})`, shown, facts]];
  });
  return [`## ${title}`, table(["setting", "type", "default", "meaning"], rows)];
}

const named = (sections: readonly Section[]) => sections.map(({ title }) => title).join(", ");

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

if (import.meta.main) {
  await Deno.mkdir(new URL("../docs", import.meta.url), { recursive: true });
  await Deno.writeTextFile(new URL("../docs/settings.md", import.meta.url), settingsPage());
}
