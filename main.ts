import { COMMANDS, overview } from "./src/cli/commands.ts";
import { explain } from "./src/cli/failure.ts";
import { FtxError } from "./src/errors.ts";

/** Runs the command that the arguments name. */
async function main([name = "help", ...args]: string[]) {
  const help = ["help", "--help", "-h"];
  if (help.includes(name)) {
    const about = args.filter((word) => !help.includes(word));
    if (about.length > 0) return main([...about, "--help"]);
    const { print } = await import("./src/cli/output.ts");
    return print(overview());
  }
  if (name === "--version" || name === "-V") name = "version";
  if (name === "--try") return (await import("./src/cli/try.ts")).run(args); // ftx's own, see src/trial
  if (!Object.hasOwn(COMMANDS, name)) {
    const { VERBS } = await import("./src/cli/verbs.ts");
    if (Object.hasOwn(VERBS, name)) throw new FtxError(`Cannot run "ftx ${name}": ${VERBS[name]}`);
    const { didYouMean } = await import("./src/settings/nearest.ts");
    const meant = didYouMean(name, [...Object.keys(COMMANDS), "help"]);
    throw new FtxError(`Cannot run "ftx ${name}": there is no such command; ftx help lists them${meant}`);
  }
  const { load, ...about } = COMMANDS[name];
  const { run } = await load();
  await run(args, name, about);
}

/** Says what went wrong and ends the process. */
function fail(error: unknown): never {
  const { text, exitCode } = explain(error, { debug, colour: Deno.stderr.isTerminal() && !Deno.noColor });
  if (text !== "") console.error(text);
  Deno.exit(exitCode);
}

const debug = Deno.args.includes("--debug") || Deno.env.get("FTX_DEBUG") === "1";
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  fail(event.reason);
});
addEventListener("error", (event) => {
  event.preventDefault();
  fail(event.error);
});
try {
  await main(Deno.args.filter((arg) => arg !== "--debug"));
} catch (error) {
  fail(error);
}
