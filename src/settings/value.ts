import { z } from "zod";
import { own } from "../outside.ts";
import { didYouMean } from "./nearest.ts";
import { factsOf } from "./setting.ts";

/** A value of the setting's type, or why there is none. */
export type Checked = { value: unknown; problem?: undefined } | { problem: string };

/**
 * Reads `given` as a value of a setting. Flags and some YAML readers give text, so "1e-4" becomes a number, "yes" becomes
 * true and "a,b" becomes a list if the setting takes one. `null` means that the setting is left out, unless null is one
 * of its values.
 */
export function check(setting: z.ZodType, given: unknown): Checked {
  if (given === "null") given = null;
  if (given === null && !setting.safeParse(null).success) given = undefined;
  const schema = bare(setting);
  const value = given === undefined || given === null ? given : read(schema, given, factsOf(setting).synonyms);
  if (typeof value === "object" && value !== null && Object.hasOwn(value, "__proto__")) {
    return { problem: 'it has the key "__proto__", which no setting knows' }; // zod would leave it out
  }
  const result = setting.safeParse(value);
  if (result.success) return { value: result.data };
  return { problem: describe(result.error.issues[0], schema, value) };
}

/** The schema without its default, optional and nullable wrapping. */
export function bare(schema: z.ZodType): z.ZodType {
  while (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) {
    schema = schema.unwrap() as z.ZodType;
  }
  return schema;
}

/** The default of a setting; undefined if it has none. */
export function defaultOf(setting: z.ZodType): unknown {
  const result = setting.safeParse(undefined);
  return result.success ? result.data : undefined;
}

function read(schema: z.ZodType, given: unknown, synonyms: Record<string, string> = {}): unknown {
  if (schema instanceof z.ZodNumber) return readNumber(given);
  if (schema instanceof z.ZodBoolean) return readBoolean(given);
  if (schema instanceof z.ZodString) return typeof given === "object" ? given : String(given);
  if (schema instanceof z.ZodEnum) return readChoice(schema.options.map(String), given, synonyms);
  if (schema instanceof z.ZodLiteral) {
    return schema.values.has(readBoolean(given) as never) ? readBoolean(given) : given;
  }
  if (schema instanceof z.ZodArray) return readList(given).map((item) => read(schema.element as z.ZodType, item));
  if (schema instanceof z.ZodRecord) return readMapping(schema, given);
  if (schema instanceof z.ZodUnion) {
    const options = schema.options as z.ZodType[];
    const fits = options.find((option) => option.safeParse(read(option, given)).success);
    return fits ? read(fits, given) : given;
  }
  return given;
}

// 1e-4 is text to PyYAML, and a flag is always text.
function readNumber(given: unknown): unknown {
  const text = typeof given === "string" ? given.trim() : "";
  return /^[+-]?(\d[\d_]*\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text.replaceAll("_", "")) : given;
}

// What HF's argument parser takes for true and false.
const TRUE = ["true", "yes", "on", "t", "y", "1"];
const FALSE = ["false", "no", "off", "f", "n", "0"];

function readBoolean(given: unknown): unknown {
  const word = String(given).toLowerCase();
  return TRUE.includes(word) ? true : FALSE.includes(word) ? false : given;
}

// `eval_strategy: no` is the word "no" to YAML 1.2 and false to PyYAML, which may have written the file.
function readChoice(options: string[], given: unknown, synonyms: Record<string, string>): unknown {
  if (typeof given === "object") return given;
  if (given === false && options.includes("no")) return "no";
  const word = String(given).toLowerCase();
  return own(synonyms, word) ?? options.find((option) => option.toLowerCase() === word) ?? given;
}

// "a,b" is LLaMA-Factory's list, [a,b] is OmegaConf's.
function readList(given: unknown): unknown[] {
  if (Array.isArray(given)) return given;
  if (typeof given !== "string") return [given];
  return given.replace(/^\[(.*)\]$/s, "$1").split(",").map((item) => item.trim()).filter((item) => item !== "");
}

function readMapping(schema: z.ZodRecord, given: unknown): unknown {
  if (typeof given === "string") {
    try {
      given = JSON.parse(given);
    } catch {
      return given;
    }
  }
  if (typeof given !== "object" || given === null || Array.isArray(given)) return given;
  return Object.fromEntries(
    Object.entries(given).map(([key, item]) => [key, read(schema.valueType as z.ZodType, item)]),
  );
}

function describe(issue: z.core.$ZodIssue, schema: z.ZodType, value: unknown): string {
  if (schema instanceof z.ZodArray && issue.path.length > 0) {
    return describe({ ...issue, path: [] }, schema.element as z.ZodType, (value as unknown[])[Number(issue.path[0])]);
  }
  switch (issue.code) {
    case "too_small":
      if (issue.origin === "string" || issue.origin === "array") return "it must not be empty";
      return `it must be ${issue.inclusive ? "at least" : "more than"} ${issue.minimum}`;
    case "too_big":
      return `it must be ${issue.inclusive ? "at most" : "less than"} ${issue.maximum}`;
    case "invalid_value": {
      const options = issue.values.map(String);
      return `choose one of ${options.join(", ")}` + (typeof value === "string" ? didYouMean(value, options) : "");
    }
    case "invalid_format":
    case "custom":
      return issue.message;
    default:
      return `it must be ${kindOf(schema)}`;
  }
}

/** The values of a setting that has a fixed list of them, or of each element of a list; undefined for any other. */
export function choices(setting: z.ZodType): string[] | undefined {
  const schema = bare(setting);
  const one = schema instanceof z.ZodArray ? bare(schema.element as z.ZodType) : schema;
  return one instanceof z.ZodEnum ? one.options.map(String) : undefined;
}

/** What a setting accepts, in words: "a whole number", "true or false", "a list". */
export function kindOf(schema: z.ZodType): string {
  schema = bare(schema);
  if (schema instanceof z.ZodNumber) return schema.format === "safeint" ? "a whole number" : "a number";
  if (schema instanceof z.ZodBoolean) return "true or false";
  if (schema instanceof z.ZodArray) return "a list, such as a,b";
  if (schema instanceof z.ZodRecord) return 'a mapping, such as {"num_cycles": 2}';
  if (schema instanceof z.ZodLiteral) return [...schema.values].join(" or ");
  if (schema instanceof z.ZodEnum) return schema.options.join(" or ");
  if (schema instanceof z.ZodUnion) return (schema.options as z.ZodType[]).map(kindOf).join(" or ");
  return "text";
}
