import { FtxError } from "../errors.ts";
import { hubPlace } from "../hub/mod.ts";
import { removeStored, storedNamed } from "../hub/remove.ts";
import { aliasesWith, search } from "../hub/search.ts";
import { type Stored, storedIn } from "../hub/stored.ts";
import { count, size } from "../report/format.ts";
import { didYouMean } from "../settings/nearest.ts";
import { kebabCase } from "../settings/spelling.ts";
import type { About } from "./commands.ts";
import { print, table } from "./output.ts";
import { plainOptions } from "./plain_options.ts";

/** The flags of the command and what each does. */
export const FLAGS = {
  "--cache-dir <dir>": "list, size, remove: folder of downloads; HF_HUB_CACHE, or hub in HF_HOME, if unset",
  "--hf-hub-token <token>": "search: token for the hub; HF_TOKEN, or the file that hf auth login writes, if unset",
  "--datasets": "search: list data sets instead of models",
  "--limit <n>": "search: most results from the hub (default 20)",
  "--yes": "remove: do not ask first",
  "--json": "Print JSON",
};

/** What each subcommand gets. */
interface Asked {
  /** What follows the subcommand's name. */
  readonly operand: string;
  readonly cacheDir?: string;
  readonly hfHubToken?: string;
  readonly datasets?: boolean;
  readonly limit?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

interface Part {
  readonly takes?: string;
  readonly needed?: boolean;
  /** Those of `FLAGS` that act. */
  readonly flags: readonly string[];
  readonly run: (asked: Asked) => Promise<void>;
}

const PARTS: Readonly<Record<string, Part>> = {
  list: { flags: ["--cache-dir", "--json"], run: list },
  size: { flags: ["--cache-dir", "--json"], run: total },
  search: { takes: "a term", flags: ["--hf-hub-token", "--datasets", "--limit", "--json"], run: find },
  remove: { takes: "a name", needed: true, flags: ["--cache-dir", "--yes", "--json"], run: remove },
};

/** The words that the command takes first. */
export const WORDS = Object.keys(PARTS);

/** `ftx models`: lists what the cache holds and its size, searches for what can be downloaded, and removes downloads. */
export async function run(args: string[], name: string, about: About) {
  const { words, flags } = apart(args);
  const given = plainOptions(flags, { name, about, flags: FLAGS });
  if (given === undefined) return;
  const [part = "list", operand = "", surplus] = words;
  const { takes, needed, flags: own, run } = Object.hasOwn(PARTS, part) ? PARTS[part] : unknown(part);
  if (needed && operand === "") throw new FtxError(`Cannot run "ftx models ${part}" without ${takes}: add one`);
  const more = takes === undefined ? operand : surplus;
  if (more) throw new FtxError(`Cannot use "${more}" with ftx models ${part}: it takes nothing more; leave it out`);
  const idle = Object.keys(given).map((key) => `--${kebabCase(key)}`).find((flag) => !own.includes(flag));
  if (idle) {
    const users = Object.keys(PARTS).filter((name) => PARTS[name].flags.includes(idle)).join(", ");
    throw new FtxError(`Cannot use ${idle} with ftx models ${part}: it is a flag of ${users} only; leave it out`);
  }
  await run({ ...given, operand });
}

/** Words and flags, in any order. */
function apart(args: string[]): { words: string[]; flags: string[] } {
  const takesValue = Object.keys(FLAGS).filter((flag) => flag.includes("<")).map((flag) => flag.split(" ")[0]);
  const isFlag = (i: number) => args[i].startsWith("-") || i > 0 && takesValue.includes(args[i - 1]);
  return { words: args.filter((_, i) => !isFlag(i)), flags: args.filter((_, i) => isFlag(i)) };
}

function unknown(part: string): never {
  throw new FtxError(
    `Cannot run "ftx models ${part}": choose one of ${WORDS.join(", ")}${didYouMean(part, WORDS)}`,
  );
}

async function list(asked: Asked) {
  const { cache } = hubPlace(asked);
  const stored = await storedIn(cache);
  if (asked.json) return await print(JSON.stringify({ cache, repositories: stored.map(asJson) }, undefined, 2));
  if (stored.length === 0) return await print(`The cache "${cache}" is empty`);
  const rows = stored.map((one) => [
    one.id,
    one.kind === "model" ? "model" : "data set",
    size(one.bytes) + (one.unfinished > 0 ? " (unfinished)" : ""),
    one.revisions.map((revision) => revision.length === 40 ? revision.slice(0, 8) : revision).join(", "),
    new Date(one.lastUsed).toISOString().slice(0, 10),
  ]);
  await print(table(["name", "what", "size", "revisions", "last used"], rows));
  await print(`\n${sumOf(stored)}, in "${cache}"`);
}

async function total(asked: Asked) {
  const { cache } = hubPlace(asked);
  const stored = await storedIn(cache);
  const bytes = stored.reduce((sum, one) => sum + one.bytes, 0);
  const unfinished = stored.reduce((sum, one) => sum + one.unfinished, 0);
  if (asked.json) return await print(JSON.stringify({ cache, bytes, unfinished }));
  await print(
    `${sumOf(stored)}, in "${cache}"` + (unfinished > 0 ? `; ${size(unfinished)} of unfinished downloads` : ""),
  );
}

async function find(asked: Asked) {
  const place = hubPlace(asked);
  const limit = Number(asked.limit ?? 20);
  if (!Number.isInteger(limit) || limit < 1) {
    throw new FtxError(`Cannot use --limit ${asked.limit}: it is not a number of results; use 1 or more`);
  }
  const idle = (["datasets", "limit", "hfHubToken"] as const).find((key) => asked[key] !== undefined);
  if (idle && asked.operand === "") {
    throw new FtxError(`Cannot use --${kebabCase(idle)} without a term: ftx asks the hub only for one; add it`);
  }
  const aliases = asked.datasets ? [] : aliasesWith(asked.operand);
  const kind = asked.datasets ? "dataset" : "model";
  if (aliases.length > 0 && !asked.json) { // before the hub, which may not answer
    const rows = aliases.map(([alias, { hub, template }]) => [alias, hub, template ?? "its own"]);
    await print(table(["short name", "on the hub", "template"], rows) + "\n");
  }
  const found = place.offline || asked.operand === "" ? [] : await search(asked.operand, { place, kind, limit });
  if (asked.json) {
    const short = aliases.map(([alias, { hub, template }]) => ({ alias, hub, template }));
    return await print(JSON.stringify({ aliases: short, hub: found }, undefined, 2));
  }
  if (found.length > 0) {
    const rows = found.map((
      { id, downloads, gated },
    ) => [id, count(downloads), gated ? "gated: request access there" : ""]);
    await print(table(["on the hub", "downloads", ""], rows));
  }
  if (place.offline && asked.operand !== "") return await print("ftx did not search the hub: HF_HUB_OFFLINE is set");
  if (aliases.length + found.length === 0) await print(`No name contains "${asked.operand}"`);
}

async function remove(asked: Asked) {
  const { cache } = hubPlace(asked);
  const stored = await storedNamed(asked.operand, cache);
  const what = `${stored.kind === "model" ? "model" : "data set"} ${stored.id} (${size(stored.bytes)}) from "${cache}"`;
  if (!asked.yes && !Deno.stdin.isTerminal()) throw new FtxError(`Cannot remove ${what} without asking: add --yes`);
  if (!asked.yes && !confirm(`Remove ${what}?`)) return await print("Nothing was removed");
  await removeStored(stored, cache);
  await print(asked.json ? JSON.stringify({ removed: asJson(stored) }) : `Removed ${what}`);
}

function asJson({ lastUsed, ...stored }: Stored) {
  return { ...stored, lastUsed: new Date(lastUsed).toISOString() };
}

function sumOf(stored: readonly Stored[]): string {
  const number = (kind: Stored["kind"], noun: string) => {
    const n = stored.filter((one) => one.kind === kind).length;
    return `${n} ${noun}${n === 1 ? "" : "s"}`;
  };
  return `${number("model", "model")} and ${number("dataset", "data set")}: ` +
    size(stored.reduce((sum, one) => sum + one.bytes, 0));
}
