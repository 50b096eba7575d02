import { canRun, examine, look, LOOKS, report } from "../doctor/mod.ts";
import { EXIT } from "../errors.ts";
import type { About } from "./commands.ts";
import { plainOptions } from "./plain_options.ts";
import { print } from "./output.ts";

/** `ftx doctor`: says of everything that runs need how it is, and what to do; ends with 2 where runs cannot work. */
export async function run(args: string[], name: string, about: About) {
  const [flag, what] = args;
  if (flag === "--look" && Object.hasOwn(LOOKS, what)) return await print(await look(what as keyof typeof LOOKS));
  const given = plainOptions(args, { name, about, flags: { "--json": "Print the findings as JSON" } });
  if (given === undefined) return;
  const findings = await examine();
  if (!canRun(findings)) Deno.exitCode = EXIT.usage;
  const colour = Deno.stdout.isTerminal() && !Deno.noColor;
  await print(
    given.json ? JSON.stringify({ ok: canRun(findings), findings }, undefined, 2) : report(findings, { colour }),
  );
}
