import { pythonJson } from "../../../templates/mod.ts";
import { quoted } from "../../errors.ts";
import { own } from "../../outside.ts";
import { isEmpty, isHollow, listOf, RowError, textOf } from "../sources/row.ts";
import { refuseMediaType } from "./media.ts";

type Values = Record<string, unknown>;

/** Parts of a message that are text, by the names that OpenAI's two interfaces give them. */
const TEXT_PARTS = ["text", "input_text", "output_text"];

/** Fields that hold the reasoning in front of an answer; servers do not agree on one. */
const THOUGHTS = ["reasoning_content", "reasoning", "thinking"];

/** Fields that say whether a message is learned: OpenAI's, those of axolotl, and LLaMA-Factory's of its v1 line. */
const MARKS = ["weight", "train", "training", "loss", "loss_weight"];

/** The text of a message; text parts are joined. Throws `RowError` where there is none. */
export function contentOf(said: Values, key: string, place: string): string {
  const value = own(said, key);
  if (value === null || value === undefined) throw new RowError(`${place} has no ${key}`);
  const text = Array.isArray(value) ? partsText(value, place) : textOf(value, `${key} in ${place}`);
  if (text.trim() === "") throw new RowError(`${place} has an empty ${key}`);
  return text;
}

/** A tool's result, which may be empty. What is not text is written as JSON, as chat templates do. Throws `RowError`. */
export function resultOf(said: Values, key: string, place: string): string {
  const value = own(said, key);
  if (value === null || value === undefined) throw new RowError(`${place} has no ${key}`);
  if (Array.isArray(value) && value.some((part) => typeof part?.type === "string")) return partsText(value, place);
  return typeof value === "object" ? pythonJson(value) : textOf(value, `${key} in ${place}`);
}

function partsText(parts: unknown[], place: string): string {
  return parts.map((part) => partText(part as Values, place)).join("");
}

function partText(part: Values, place: string): string {
  if (typeof part !== "object" || part === null) throw new RowError(`${place} has a part that is not an object`);
  const { type = "text", text } = part;
  refuseMediaType(type, place);
  if (!TEXT_PARTS.includes(type as string)) {
    throw new RowError(`${place} has a part of type ${quoted(String(type))}, and only text can be learned`);
  }
  if (typeof text === "string") return text;
  throw new RowError(`${place} has a part of type ${quoted(String(type))} without "text"`);
}

/**
 * The tool calls beside the text of a message as JSON text: `tool_calls`, or OpenAI's older `function_call`. Nothing where
 * there are none: null, an empty list or an empty text. Throws `RowError`.
 */
export function callsOf(said: Values, place: string): string | undefined {
  const many = isEmpty(said.tool_calls) ? [] : listOf(said.tool_calls, `tool_calls in ${place}`);
  const one = isHollow(said.function_call) ? [] : [said.function_call];
  if (many.length > 0 && one.length > 0) throw new RowError(`${place} has both tool_calls and function_call; keep one`);
  const calls = many.length > 0 ? many : one;
  return calls.length === 0 ? undefined : callsText(calls, place);
}

/** Calls as JSON text; each may lie in OpenAI's `function`. Throws `RowError` for one without a name. */
export function callsText(calls: readonly unknown[], place: string): string {
  const bare = calls.map((call: any) => call?.function ?? call);
  if (bare.some((call) => typeof call?.name !== "string")) {
    throw new RowError(`${place} has a tool call without a name`);
  }
  return JSON.stringify(bare);
}

/** The reasoning that a message keeps in a field of its own, as it stands in front of the answer. */
export function reasoningOf(said: Values): string {
  const thought = THOUGHTS.map((key) => said[key]).find((value) => typeof value === "string" && value.trim() !== "");
  return thought === undefined ? "" : `<think>\n${(thought as string).trim()}\n</think>\n\n`;
}

/** Whether the data asks to learn a message: 1 or true, 0 or false; undefined where it does not say. Throws `RowError`. */
export function markOf(said: Values, place: string): boolean | undefined {
  let mark: boolean | undefined;
  for (const key of MARKS) {
    const value = said[key];
    if (value === null || value === undefined) continue;
    if (![0, 1, true, false].includes(value as number)) {
      throw new RowError(`${place} has the ${key} ${quoted(String(value))}, which must be 0 or 1`);
    }
    if (mark !== undefined && mark !== Boolean(value)) {
      throw new RowError(`${place} is marked both to be learned and not`);
    }
    mark = Boolean(value);
  }
  if (!isEmpty(said.train_detail)) {
    throw new RowError(`${place} has train_detail, and ftx learns whole messages only; use train`);
  }
  return mark;
}
