import { basename } from "node:path";
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from "yaml";
import { quoted, RecipeError } from "../errors.ts";
import { otherThanFile, own } from "../outside.ts";
import type { Entry } from "./entry.ts";

// A settings file is small. Anything larger or deeper was not written by hand and could take long to read.
const MOST_BYTES = 1 << 20;
const MOST_NODES = 100_000;
const MOST_DEPTH = 64;

/**
 * Reads a settings file, YAML or JSON, into entries with their line numbers.
 * Throws RecipeError with every problem of syntax; `settle` checks names and values.
 */
export async function readFile(
  path: string,
  env: Record<string, string | undefined> = Deno.env.toObject(),
): Promise<Entry[]> {
  const refuse = (why: string) => new RecipeError(`Cannot read "${path}": ${why}`);
  let text: string;
  try {
    const { size } = await Deno.stat(path), kind = otherThanFile(path);
    if (kind !== undefined) throw refuse(`it is ${kind}; name a YAML or JSON file with settings`);
    if (size > MOST_BYTES) throw refuse(`it has ${size} bytes; a settings file can have at most ${MOST_BYTES}`);
    text = new TextDecoder("utf-8", { fatal: true }).decode(await Deno.readFile(path));
  } catch (error) {
    if (error instanceof RecipeError) throw error;
    if (error instanceof Deno.errors.NotFound) throw refuse("there is no such file; check its path");
    if (error instanceof TypeError) throw refuse("it is not UTF-8 text");
    throw refuse(`the system says ${quoted((error as Error).message)}; check its permissions`);
  }
  return readText(text, basename(path), env);
}

/** The same for text; messages call it `name`. */
export function readText(text: string, name: string, env: Record<string, string | undefined> = {}): Entry[] {
  // The parser is recursive, so levels are counted before it runs.
  if (isDeep(text)) throw new RecipeError(`Cannot read "${name}": it is nested more than ${MOST_DEPTH} levels deep`);
  const lines = new LineCounter();
  const at = (offset = 0) => `${name}:${lines.linePos(offset).line}`;
  // The parser only warns about a tag such as !!python/object; here every warning is a problem.
  const document = parseDocument(text, {
    version: "1.2",
    schema: "core",
    merge: false,
    uniqueKeys: false,
    lineCounter: lines,
    prettyErrors: false,
    logLevel: "silent",
  });
  // One mistake often causes more complaints on the same line; the first one is enough.
  const complaints = new Map<string, string>();
  for (const { pos: [offset], message } of [...document.errors, ...document.warnings]) {
    const line = at(offset);
    if (!complaints.has(line)) {
      complaints.set(line, `Cannot read ${line}: the reader of YAML says ${quoted(message)}; correct it`);
    }
  }
  const problems = complaints.size > 0 ? [...complaints.values()] : hostile(document.contents, at);
  const root = document.contents;
  if (problems.length === 0 && root !== null && !isMap(root) && !(isScalar(root) && root.value === null)) {
    problems.push(`Cannot read "${name}": it must be a list of "name: value" lines`);
  }
  const entries: Entry[] = [];
  const firstLine = new Map<string, string>();
  if (problems.length === 0 && isMap(root)) {
    for (const { key, value } of root.items) {
      const node = value as Node | null;
      const where = at((key as Node).range?.[0]);
      const setting = isScalar(key) ? String(key.value) : "";
      if (firstLine.has(setting)) {
        problems.push(`Cannot use ${setting} twice (${where}): ${firstLine.get(setting)} sets it already`);
      }
      firstLine.set(setting, where);
      try {
        entries.push({ name: setting, value: plain(node, env), where, ...sourceOf(node) });
      } catch (error) {
        if (!(error instanceof InterpolationProblem)) throw error;
        problems.push(`Cannot use ${setting} (${where}): ${error.message}`);
      }
    }
  }
  if (problems.length > 0) throw new RecipeError(problems.join("\n"));
  return entries;
}

// Levels come from brackets, from indentation (which hostile() sees) and from "- - - -" at the start of a line.
const MANY_DASHES = new RegExp(`^\\s*([-?:][ \\t]+){${MOST_DEPTH}}`, "m");

function isDeep(text: string): boolean {
  let depth = 0, deepest = 0;
  for (const letter of text) {
    if (letter === "[" || letter === "{") deepest = Math.max(deepest, ++depth);
    else if (letter === "]" || letter === "}") depth--;
  }
  return deepest > MOST_DEPTH || MANY_DASHES.test(text);
}

function hostile(root: Node | null, at: (offset?: number) => string): string[] {
  if (root === null) return [];
  const problems: string[] = [];
  let nodes = 0;
  visit(root, (_, node, path) => {
    if (++nodes > MOST_NODES || path.length > 2 * MOST_DEPTH) {
      problems.push(`Cannot read ${at()}: it is too large or too deep for a settings file`);
      return visit.BREAK;
    }
    const offset = (node as Node | null)?.range?.[0]; // null: the value of `{a}`
    if (isAlias(node)) problems.push(`Cannot read ${at(offset)}: write the value again in place of *${node.source}`);
  });
  return problems;
}

function plain(node: Node | null, env: Record<string, string | undefined>): unknown {
  if (isSeq(node)) return node.items.map((item) => plain(item as Node, env));
  if (isMap(node)) {
    return Object.fromEntries(
      node.items.map(({ key, value }) => [String(isScalar(key) ? key.value : key), plain(value as Node, env)]),
    );
  }
  const value = isScalar(node) ? node.value : null;
  return typeof value === "string" ? interpolate(value, env) : value;
}

function sourceOf(node: Node | null): { source?: string } {
  return isScalar(node) && node.type === "PLAIN" && node.source !== undefined ? { source: node.source } : {};
}

/** A problem in words, without its place, which the caller of `interpolate` knows. */
class InterpolationProblem extends Error {}

/**
 * Replaces `${oc.env:NAME}` and `${oc.env:NAME,default}` in text, as OmegaConf does for LLaMA-Factory.
 * Throws InterpolationProblem for a variable that is not set and for anything else in `${...}`.
 */
function interpolate(text: string, env: Record<string, string | undefined>): string {
  return text.replace(/\$\{([^{}]*)\}/g, (whole, inside: string) => {
    const match = /^\s*oc\.env:\s*([A-Za-z_]\w*)\s*(?:,(.*))?$/s.exec(inside);
    if (!match) throw new InterpolationProblem(`ftx replaces only \${oc.env:NAME}, not ${whole}`);
    const [, name, otherwise] = match;
    const value = own(env, name) ?? otherwise?.trim();
    if (value !== undefined) return value;
    throw new InterpolationProblem(
      `the environment variable ${name} is not set; set it, or write \${oc.env:${name},default}`,
    );
  });
}
