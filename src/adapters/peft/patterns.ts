import { CheckpointError, shortened } from "../../errors.ts";
import type { LoraConfig } from "./config.ts";
import { endings } from "./endings.ts";
import { pythonFullMatch, pythonMatch } from "./regex.ts";

/** A test of a module's path. */
export type PathTest = (path: string) => boolean;

/** The longest that all tests of an adapter's names and expressions may take together. */
const MOST_MS = 2_000;

/** Limits the time that a configuration's names and expressions take: an adapter may come with 200,000 of them. */
export class Deadline {
  readonly #end: number;

  constructor(readonly mostMs = MOST_MS) {
    this.#end = performance.now() + mostMs;
  }

  /** @throws {CheckpointError} The time is over. */
  check(key: string) {
    if (performance.now() < this.#end) return;
    throw cannotUse(key, `comparing it with the model's modules takes more than ${this.mostMs / 1_000} s`);
  }
}

/** A test whether a path matches names (equal to one, or ending with "." and one) or an expression (in full). */
export function matcher(key: string, names: string[] | string, deadline: Deadline): PathTest {
  if (typeof names === "string") return timed(key, deadline, expression(key, names, () => pythonFullMatch(names)));
  const known = new Set(names);
  return (path) => endings(path).some((end) => known.has(end));
}

/** A test whether a path is one of `modules_to_save` or lies in one, as PEFT asks it before it adds a branch. */
export function savedMatcher(names: string[], deadline: Deadline): PathTest {
  const key = "modules_to_save";
  const plain = new Set(names.filter((name) => !/[^\w]/.test(name)));
  const others = names.filter((name) => !plain.has(name)).map((name) =>
    timed(key, deadline, expression(key, name, () => pythonMatch("(?:^|.*\\.)", name, "(?:$|\\..*)")))
  );
  return (path) => path.split(".").some((part) => plain.has(part)) || others.some((test) => test(path));
}

/** A test whether a path is in `layers_to_transform`, by its first number, or its first after `layers_pattern`. */
export function layerFilter(
  { layersToTransform, layersPattern }: Pick<LoraConfig, "layersToTransform" | "layersPattern">,
  deadline: Deadline,
): PathTest {
  if (!layersToTransform?.length) return () => true;
  const layers = new Set(layersToTransform), key = "layers_pattern";
  let number: number | null = null;
  const found = (digits: string | null) => void (number = digits === null ? null : Number(digits));
  const patterns = layersPattern.length ? layersPattern.map((text) => [text, "(?:^|.*?\\.)"]) : [["[^.]*", ".*?\\."]];
  const tests = patterns.map(([text, before]) =>
    timed(key, deadline, expression(key, text, () => pythonMatch(before, text, "\\.(\\d+)\\.", found)))
  );
  return (path) => tests.some((test) => test(path)) && number !== null && layers.has(number);
}

/** What a pattern says of a path: the first of its keys that the path ends with, and that key's number. */
export type PatternLookup = (path: string) => { name: string; value: number } | undefined;

/** Looks up the first key that a path ends with. Keys may be expressions; `^` anchors them at the start. */
export function patternLookup(key: string, pattern: Record<string, number>, deadline: Deadline): PatternLookup {
  const tests = Object.entries(pattern).map(([name, value]) => {
    const test = /[^\w.]/.test(name)
      ? expression(key, name, () => pythonMatch("(?:.*\\.)?(?:", name, ")$"))
      : (path: string) => endsLike(path, name);
    return { name, value, test: timed(key, deadline, test) };
  });
  return (path) => tests.find(({ test }) => test(path));
}

/** Whether the path, or what follows one of its dots, is `name`, whose dots stand for any character: `re`'s own rule. */
function endsLike(path: string, name: string): boolean {
  const start = path.length - name.length;
  if (start < 0 || (start > 0 && path[start - 1] !== ".")) return false;
  for (let i = 0; i < name.length; i++) if (name[i] !== "." && name[i] !== path[start + i]) return false;
  return true;
}

/** A test from an expression, compiled when it is first used. */
function expression(key: string, text: string, make: () => PathTest): PathTest {
  let test: PathTest | undefined;
  return (path) => {
    try {
      test ??= make();
    } catch (error) {
      throw cannotUse(
        key,
        `"${shortened(text, 60)}" is not an expression that ftx can match (${(error as Error).message})`,
      );
    }
    return test(path);
  };
}

const timed = (key: string, deadline: Deadline, test: PathTest): PathTest => (path) => {
  deadline.check(key);
  return test(path);
};

/** The error for a setting of an adapter's configuration that cannot be used. */
export const cannotUse = (key: string, what: string, remedy = "correct adapter_config.json or lora_target") =>
  new CheckpointError(`Cannot use ${key}: ${what}; ${remedy}`);
