import { type Call, type Template, type Tool, TOOL_FORMATS, type ToolFormat } from "../../../templates/mod.ts";
import type { Message } from "../formats/conversation.ts";
import { RowError } from "../sources/row.ts";

/** The text that describes a model's tools; it follows the system prompt. */
export function describeTools(template: Template, tools: string | undefined): string {
  if (tools === undefined || tools.trim() === "") return "";
  const list = parsed(tools, "tools");
  if (!Array.isArray(list)) throw new RowError(`"tools" is not a list`);
  if (list.length === 0) return "";
  return formatOf(template).describe(list.map(readTool));
}

function formatOf({ toolFormat }: Template): ToolFormat {
  if (toolFormat !== null) return TOOL_FORMATS[toolFormat];
  throw new RowError(
    "it has tools, which the tokenizer's chat template writes in a way that cannot be followed: " +
      "name the way with tool_format or template",
  );
}

/** A tool, with or without OpenAI's wrapper `{type: "function", function: …}`. */
function readTool(value: any): Tool {
  const tool = value?.type === "function" && value.function !== undefined ? value.function : value;
  if (typeof tool?.name !== "string") throw new RowError(`a tool in "tools" has no "name"`);
  return tool;
}

/** What is said in front of calls, and the JSON text of the calls: of `{name, arguments}` or of a list of them. */
export interface CallParts {
  readonly said: string;
  readonly calls: string;
  /** What stands between the two, if anything is said. */
  readonly space: string;
}

/**
 * The parts of an answer that calls tools. Where one text holds all, what stands before `</think>` or the first `<tool_call>`
 * is said, with the white space that it has.
 */
export function callParts(template: Template, { content, calls }: Message): CallParts {
  if (calls !== undefined) return { said: content, calls, space: formatOf(template).afterText };
  const [said, json] = splitMessage(template, content);
  return { said, calls: json, space: "" };
}

/** Calls as models of the template write them. Throws `RowError`. */
export function writeCalls(template: Template, calls: string): string {
  const value = parsed(calls, "function call");
  return formatOf(template).call((Array.isArray(value) ? value : [value]).map(readCall));
}

function splitMessage({ toolCallWords, thoughtWords }: Template, message: string): [before: string, json: string] {
  const start = /^\s*[{[]/.test(message) ? -1 : message.indexOf(toolCallWords[0]);
  if (start >= 0) return [message.slice(0, start), taggedCalls(message.slice(start), toolCallWords)];
  const thoughtEnd = message.indexOf(thoughtWords[1]);
  if (thoughtEnd < 0) return ["", message];
  const cut = thoughtEnd + thoughtWords[1].length;
  return [message.slice(0, cut), message.slice(cut)];
}

/** The JSON text in tags; of several, a list. */
function taggedCalls(text: string, [open, close]: readonly [string, string]): string {
  const [between, ...pieces] = text.split(open).map((piece) => piece.split(close));
  if (pieces.some(([, after]) => after === undefined)) throw new RowError(`its "${open}" has no "${close}"`);
  if ([...between, ...pieces.flatMap(([, ...after]) => after)].some((other) => other.trim() !== "")) {
    throw new RowError("it says something behind its function call, where no template writes it");
  }
  const calls = pieces.map(([call]) => call);
  return calls.length === 1 ? calls[0] : `[${calls.join(",")}]`;
}

/** Arguments that are JSON text, as in OpenAI's format, are parsed: they must not be encoded twice. */
function readCall(value: any): Call {
  if (typeof value?.name !== "string") throw new RowError(`a function call has no "name"`);
  const given = value.arguments ?? value.parameters ?? {};
  return { name: value.name, arguments: typeof given === "string" ? parsed(given || "{}", "arguments") : given };
}

function parsed(text: string, what: string): any {
  try {
    return JSON.parse(text);
  } catch {
    throw new RowError(`its ${what} is not JSON`);
  }
}
