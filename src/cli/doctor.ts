import { canRun, examine, look, LOOKS, report } from "../doctor/mod.ts";
import { EXIT } from "../errors.ts";
import type { About } from "./commands.ts";
import { print } from "./output.ts";
import { plainOptions } from "./plain_options.ts";

/** The flags of the command and what each does. */
export const FLAGS = { "--json": "Print the findings as JSON" };

/** `ftx doctor`: checks everything that a run needs and says what to fix. Exit code 2 if runs cannot work. */
export async function run(args: string[], name: string, about: About) {
  const [flag, what] = args;
  if (flag === "--look" && Object.hasOwn(LOOKS, what)) return await print(await look(what as keyof typeof LOOKS));
  const given = plainOptions(args, { name, about, flags: FLAGS });
  if (given === undefined) return;
  const findings = await examine();
  if (!canRun(findings)) Deno.exitCode = EXIT.usage;
  const colour = Deno.stdout.isTerminal() && !Deno.noColor;
  await print(
    given.json ? JSON.stringify({ ok: canRun(findings), findings }, undefined, 2) : report(findings, { colour }),
  );
}
