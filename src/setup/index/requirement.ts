// What a wheel requires (PEP 508): nvidia-cudnn-cu13==9.20.0.48; platform_system == "Linux"

import { compare, satisfies, valid } from "@renovatebot/pep440";
import { projectName } from "./wheel_name.ts";

/** One requirement. */
export interface Requirement {
  project: string;
  /** Parts of the project that are asked for by name, `[cublas,cudart]`. */
  extras: string[];
  /** What its version must satisfy, "==13.0.3"; empty for any. */
  versions: string;
}

/** The requirements in a wheel's METADATA that hold on this system when these extras are asked for. */
export function requirementsOf(metadata: string, extras: string[] = [], arch: string = Deno.build.arch): Requirement[] {
  return Array.from(metadata.matchAll(/^Requires-Dist: (.+)$/gm), ([, line]) => line.trim()).flatMap((line) => {
    const [requirement, marker] = line.split(/\s*;\s*/, 2);
    const holds = marker === undefined ||
      [...extras, ""].some((extra) => markerHolds(marker, { ...system(arch), extra }));
    const parts = requirement.match(/^([\w.-]+)\s*(?:\[([^\]]*)\])?\s*\(?([^()]*)\)?$/);
    if (!holds || !parts) return [];
    const [, name, wanted = "", versions] = parts;
    const list = wanted.split(",").map((extra) => extra.trim()).filter(Boolean);
    return [{ project: projectName(name), extras: list, versions: versions.trim() }];
  });
}

/** Whether `version` is one that the requirement accepts. */
export function accepts(versions: string, version: string): boolean {
  return versions === "" || satisfies(version, versions);
}

/** What markers ask about; the Python is the one whose wheels torch has, for none runs. */
function system(arch: string): Record<string, string> {
  return {
    ...{ platform_system: "Linux", sys_platform: "linux", os_name: "posix", platform_machine: arch },
    ...{ python_version: "3.12", python_full_version: "3.12.0" },
    ...{ implementation_name: "cpython", platform_python_implementation: "CPython" },
  };
}

/** The value of an environment marker. Throws a SyntaxError when it is not one. */
export function markerHolds(marker: string, values: Record<string, string>): boolean {
  const words = marker.match(/"[^"]*"|'[^']*'|[()]|[<>=!~]+|\w+|\S/g) ?? [];
  const next = () => words.shift() ?? wrong();
  const wrong = (): never => {
    throw new SyntaxError(`no environment marker: ${marker}`);
  };
  const value = (word: string) => /^["']/.test(word) ? word.slice(1, -1) : values[word] ?? wrong();
  const term = (): boolean => {
    const word = next();
    if (word === "(") {
      const inner = either();
      return next() === ")" ? inner : wrong();
    }
    const left = value(word), sign = next() + (words[0] === "in" ? ` ${next()}` : "");
    return compared(left, sign, value(next()), wrong);
  };
  const both = (): boolean => {
    let all = term();
    while (words[0] === "and") next(), all = term() && all;
    return all;
  };
  const either = (): boolean => {
    let any = both();
    while (words[0] === "or") next(), any = both() || any;
    return any;
  };
  const answer = either();
  return words.length ? wrong() : answer;
}

function compared(left: string, sign: string, right: string, wrong: () => never): boolean {
  if (sign === "in") return right.includes(left);
  if (sign === "not in") return !right.includes(left);
  if (sign === "~=") return satisfies(left, `~=${right}`);
  const order = valid(left) && valid(right) ? compare(left, right) : left < right ? -1 : Number(left > right);
  const signs: Record<string, boolean> = {
    ...{ "==": order === 0, "!=": order !== 0, "<": order < 0, ">": order > 0, "<=": order <= 0, ">=": order >= 0 },
    "===": left === right,
  };
  return signs[sign] ?? wrong();
}
