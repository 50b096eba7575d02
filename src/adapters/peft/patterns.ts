import { CheckpointError } from "../../errors.ts";
import type { LoraConfig } from "./config.ts";

/** A test whether a path matches names (equal to one, or ending with "." and one) or an expression (in full). */
export function matcher(key: string, names: string[] | string): (path: string) => boolean {
  if (typeof names === "string") {
    const regex = readRegex(key, names);
    return (path) => fullMatch(regex, path);
  }
  const exact = new Set(names);
  return (path) => exact.has(path) || names.some((name) => path.endsWith(`.${name}`));
}

/** A test whether a path is in `layers_to_transform`, by its first number, or its first after `layers_pattern`. */
export function layerFilter(
  { layersToTransform, layersPattern }: Pick<LoraConfig, "layersToTransform" | "layersPattern">,
): (path: string) => boolean {
  if (!layersToTransform?.length) return () => true;
  const before = layersPattern.length
    ? layersPattern.map((pattern) =>
      new RegExp(`^(?:|.*?\\.)(?:${readRegex("layers_pattern", pattern).source})\\.(\\d+)\\.`)
    )
    : [/^.*?\.[^.]*\.(\d+)\./];
  return (path) => {
    const number = before.map((regex) => path.match(regex)?.at(-1)).find((found) => found !== undefined);
    return number !== undefined && layersToTransform.includes(Number(number));
  };
}

/** Looks up the first key that a path ends with. Keys may be expressions; `^` anchors them at the start. */
export function patternLookup(key: string, pattern: Record<string, number>): (path: string) => number | undefined {
  const regexes = Object.entries(pattern).map(([name, value]) => [endRegex(key, name), value] as const);
  return (path) => regexes.find(([regex]) => regex.test(path))?.[1];
}

/** A regular expression for paths that end with `name`, itself an expression. */
export function endRegex(key: string, name: string): RegExp {
  const { source, flags } = readRegex(key, name);
  return new RegExp(`^(?:.*\\.)?(?:${source})$`, flags);
}

function readRegex(key: string, pattern: string) {
  try {
    return pythonRegex(pattern);
  } catch (error) {
    throw cannotUse(key, `"${pattern}" is not a regular expression (${(error as Error).message})`);
  }
}

/**
 * Converts a regular expression written for Python's `re`, as in adapters' configurations, to JavaScript.
 *
 * @throws {SyntaxError} It is malformed, or uses a feature that JavaScript lacks.
 */
export function pythonRegex(pattern: string): { source: string; flags: string } {
  let flags = "";
  const source = pattern
    .replace(/^\(\?([aimsux]+)\)/, (_, letters: string) => {
      if (/[xau]/.test(letters)) throw new SyntaxError(`the flag (?${letters}) is not supported`);
      flags = letters;
      return "";
    })
    .replaceAll("(?P<", "(?<")
    .replace(/\(\?P=(\w+)\)/g, "\\k<$1>")
    .replace(/(?<!\\)((?:\\\\)*)\\A/g, "$1^")
    .replace(/(?<!\\)((?:\\\\)*)\\Z/g, "$1$");
  new RegExp(source, flags); // throws if JavaScript does not understand it
  return { source, flags };
}

/** `re.fullmatch`: true if the whole of `text` matches. */
export const fullMatch = ({ source, flags }: ReturnType<typeof pythonRegex>, text: string): boolean =>
  new RegExp(`^(?:${source})$`, flags).test(text);

/** The error for a setting of an adapter's configuration that cannot be used. */
export const cannotUse = (key: string, what: string, remedy = "correct adapter_config.json or lora_target") =>
  new CheckpointError(`Cannot use ${key}: ${what}; ${remedy}`);
