import { RE2JS } from "re2js";

/** The most characters of an expression; compiling that many takes half a second. */
const LONGEST = 50_000;
/** The escapes that Python's `re` knows; it refuses other letters. */
const ESCAPES = new Set("AbBdDsSwWZafnrtvxuUN0123456789");

type Test = (text: string) => boolean;

/**
 * `re.fullmatch(pattern, text) is not None` for an expression of Python's `re`, in time that grows with the product of the two
 * lengths: adapters come from anywhere, and a backtracking engine needs years for `((a+)+)+X`. Look-aheads are known at the
 * start of the expression, where published adapters have them (`^(?!.*vision).*q_proj`).
 *
 * @throws {SyntaxError} It is malformed, or needs what no engine does in such time: back-references, other look-arounds.
 */
export function pythonFullMatch(pattern: string): Test {
  const { ahead, rest, flags } = leading(pattern);
  const tests = ahead.map(({ body, wanted }) => {
    const compiled = compile(`\\A(?:${translated(body)})`, flags);
    return (text: string) => compiled.test(text) === wanted;
  });
  const whole = compile(`\\A(?:${translated(rest)})\\z`, flags);
  return (text) => tests.every((test) => test(text)) && whole.test(text);
}

/**
 * `re.match(before + pattern + after, text) is not None`, as {@linkcode pythonFullMatch}. Between the two a flag is refused, as
 * Python does.
 *
 * @param capture called with the text of the last group of a match, null where that group has no part in it
 */
export function pythonMatch(
  before: string,
  pattern: string,
  after: string,
  capture?: (group: string | null) => void,
): Test {
  if (/^\(\?[a-zA-Z]+\)/.test(pattern)) throw new SyntaxError("flags may only stand at the start of an expression");
  const compiled = compile(`\\A(?:${before}${translated(pattern)}${after})`, "");
  return (text) => {
    const found = compiled.matcher(text);
    if (!found.find()) return false;
    capture?.(found.group(found.groupCount()));
    return true;
  };
}

/** The flags and look-aheads at the start of an expression, and the rest of it. */
function leading(pattern: string): { ahead: { body: string; wanted: boolean }[]; rest: string; flags: string } {
  const flags = pattern.match(/^\(\?([a-zA-Z]+)\)/)?.[1] ?? "";
  let rest = pattern.slice(flags ? flags.length + 3 : 0);
  const ahead: { body: string; wanted: boolean }[] = [];
  for (let start; (start = rest.match(/^(?:\^|\\A)?\(\?([!=])/));) {
    const end = closing(rest, start[0].indexOf("("));
    if (end < 0) throw new SyntaxError("missing closing )");
    ahead.push({ body: rest.slice(start[0].length, end), wanted: start[1] === "=" });
    rest = rest.slice(end + 1);
  }
  if (ahead.length && hasAlternatives(rest)) throw new SyntaxError("look-aheads beside alternatives are not supported");
  return { ahead, rest, flags };
}

/** Each character of an expression with its depth in groups and whether it stands in a set `[…]`; escaped pairs are one. */
function* pieces(pattern: string): Generator<{ at: number; text: string; depth: number; inSet: boolean }> {
  let depth = 0, set = -1;
  for (let at = 0; at < pattern.length; at++) {
    const start = at, text = pattern[at] === "\\" ? pattern.slice(at, ++at + 1) : pattern[at], inSet = set >= 0;
    if (inSet) {
      const first = start === set + 1 || (start === set + 2 && pattern[set + 1] === "^");
      if (text === "]" && !first) set = -1;
    } else if (text === "[") set = start;
    else if (text === "(") depth++;
    else if (text === ")") depth--;
    yield { at: start, text, depth, inSet };
  }
}

/** Where the group that opens at `open` closes; -1 if it does not. */
function closing(pattern: string, open: number): number {
  for (const { at, text, depth, inSet } of pieces(pattern.slice(open))) {
    if (text === ")" && depth === 0 && !inSet) return open + at;
  }
  return -1;
}

const hasAlternatives = (pattern: string) =>
  [...pieces(pattern)].some(({ text, depth, inSet }) => text === "|" && depth === 0 && !inSet);

/** The expression in RE2's syntax, where that differs from Python's. */
function translated(pattern: string): string {
  if (pattern.length > LONGEST) throw new SyntaxError(`it has more than ${LONGEST} characters`);
  let out = "", open = 0;
  for (const { at, text, inSet, depth } of pieces(pattern)) {
    if ((open = depth) < 0) throw new SyntaxError("unbalanced )");
    const rest = pattern.slice(at, at + 12);
    if (text.length === 2 && /[a-zA-Z]/.test(text[1]) && !ESCAPES.has(text[1])) {
      throw new SyntaxError(`bad escape ${text}`);
    }
    if (inSet && /^\[[:.=]/.test(rest)) throw new SyntaxError(`possible nested set ${rest.slice(0, 2)}`);
    if (!inSet && /^\(\?(?:[=!]|<[=!])/.test(rest)) {
      throw new SyntaxError("look-arounds are only supported at the start");
    }
    if (!inSet && /^\(\?P=/.test(rest)) throw new SyntaxError("back-references are not supported");
    if (!inSet && at > 0 && /^\(\?[a-zA-Z]+\)/.test(rest)) {
      throw new SyntaxError("flags may only stand at the start of an expression");
    }
    if (!inSet && /^\\[1-9]/.test(text)) throw new SyntaxError("back-references are not supported");
    if (!inSet && text === "\\Z") out += "\\z";
    else if (!inSet && /^\{,\d/.test(rest)) out += "{0";
    else out += text;
  }
  if ([...pieces(`${pattern}.`)].at(-1)!.inSet) throw new SyntaxError("missing closing ]");
  if (open > 0) throw new SyntaxError("missing closing )");
  return out;
}

function compile(source: string, flags: string): RE2JS {
  if (/[^aimsu]/.test(flags)) throw new SyntaxError(`the flag (?${flags}) is not supported`);
  const known = flags.replace(/[au]/g, ""); // names of modules are ASCII, so these change nothing
  try {
    return RE2JS.compile(known ? `(?${known})${source}` : source);
  } catch (error) {
    throw new SyntaxError((error as Error).message.replace(/^error parsing regexp: /, "").replace(/: `\\A.*$/s, ""));
  }
}
