import { DataError } from "../../errors.ts";
import { readLines, readWhole, utf8 } from "./bytes.ts";
import { type Row, rowOf } from "./row.ts";

/** Rows of JSON lines, read as a stream: one object a line; blank lines are skipped. */
export async function* readJsonLines(path: string): AsyncGenerator<Row> {
  for await (const { bytes, number } of readLines(path)) {
    const text = utf8(bytes);
    const place = `${path}:${number}`;
    if (text === undefined) yield { place, bad: "it is not UTF-8" };
    else if (text.trim() !== "") yield parseRow(text, place);
  }
}

function parseRow(text: string, place: string): Row {
  try {
    return rowOf(JSON.parse(text), place);
  } catch {
    return { place, bad: withoutNaN(text) ? HAS_NAN : "it is not JSON" };
  }
}

const HAS_NAN = "it has NaN or Infinity, which JSON does not know; write null";

/** Whether a text is JSON but for the numbers that Python's `json` adds to it. */
function withoutNaN(text: string): boolean {
  const replaced = text.replace(
    /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g,
    (found) => found.startsWith('"') ? found : "null",
  );
  return replaced !== text && isJson(replaced);
}

/**
 * Rows of a JSON file: a list of objects, or one object that holds exactly one such list. A `.json` file of JSON lines,
 * which is common, is read as such.
 */
export async function* readJson(path: string): AsyncGenerator<Row> {
  const text = await readWhole(path);
  if (text.trim() === "") throw new DataError(`Cannot read "${path}": it is empty; give a list of examples`);
  const value = parseWhole(text, path);
  if (value === LINES) return yield* readJsonLines(path);
  const list = Array.isArray(value) ? value : onlyList(value);
  if (list === undefined) {
    throw new DataError(`Cannot read "${path}": it has no list of examples; write [{…}, {…}] or one object a line`);
  }
  for (const [i, entry] of list.entries()) yield rowOf(entry, `${path}, example ${i + 1}`);
}

const LINES = Symbol("JSON lines");

function parseWhole(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const firstLine = text.slice(0, (text.indexOf("\n") + 1 || text.length + 1) - 1);
    if (firstLine.trimStart().startsWith("{") && isJson(firstLine)) return LINES;
    const reason = (error as Error).message.replace(/(, (\.\.\.)?"| in JSON at position)[^]*$/, ""); // without the excerpt
    throw new DataError(`Cannot read "${path}:${brokenLine(text)}": it is not JSON (${reason}); fix that line`);
  }
}

/**
 * The line on which the first broken example of a list begins. V8 gives no position for most errors, so the examples are
 * separated by their brackets and parsed one by one.
 */
function brokenLine(text: string): number {
  let [start, depth, inString] = [text.indexOf("[") + 1, 0, false];
  for (let i = start; i <= text.length; i++) {
    const c = text[i];
    if (inString) {
      if (c === "\\") i++;
      else if (c === '"') inString = false;
    } else if (c === '"') inString = true;
    else if (c === "{" || c === "[") depth++;
    else if (depth > 0 && (c === "}" || c === "]")) depth--;
    else if (depth === 0 && (c === "," || c === "]")) {
      if (!isJson(text.slice(start, i))) break;
      start = i + 1;
    }
  }
  const blank = text.slice(start).search(/\S/);
  return text.slice(0, blank < 0 ? text.length : start + blank).split("\n").length;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function onlyList(value: unknown): unknown[] | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const lists = Object.values(value).filter((entry) => Array.isArray(entry) && typeof entry[0] === "object");
  return lists.length === 1 ? lists[0] : undefined;
}
