import { type Call, type Template, type Tool, TOOL_FORMATS } from "../../../templates/mod.ts";
import { RowError } from "../sources/row.ts";

/** The text that describes a model's tools; it follows the system prompt. */
export function describeTools(template: Template, tools: string | undefined): string {
  if (tools === undefined || tools.trim() === "") return "";
  const list = parsed(tools, "tools");
  if (!Array.isArray(list)) throw new RowError(`"tools" is not a list`);
  if (list.length === 0) return "";
  return TOOL_FORMATS[template.toolFormat].describe(list.map(readTool));
}

/** A tool, with or without OpenAI's wrapper `{type: "function", function: …}`. */
function readTool(value: any): Tool {
  const tool = value?.type === "function" && value.function !== undefined ? value.function : value;
  if (typeof tool?.name !== "string") throw new RowError(`a tool in "tools" has no "name"`);
  return tool;
}

/**
 * An answer that calls tools, as models of the template write it. The message is the JSON text of `{name, arguments}` or of
 * a list of them. Reasoning in front of it stays; `<tool_call>` tags around it are removed.
 */
export function writeCalls(template: Template, message: string): string {
  const [before, json] = splitMessage(template, message);
  const value = parsed(json, "function call");
  const calls = (Array.isArray(value) ? value : [value]).map(readCall);
  return before + TOOL_FORMATS[template.toolFormat].call(calls);
}

function splitMessage({ toolCallWords, thoughtWords }: Template, message: string): [before: string, json: string] {
  const [open, close] = toolCallWords;
  const start = message.indexOf(open);
  const end = message.indexOf(close, start);
  if (start >= 0 && end >= 0) {
    return [message.slice(0, start) + message.slice(end + close.length), message.slice(start + open.length, end)];
  }
  const thoughtEnd = message.indexOf(thoughtWords[1]);
  if (thoughtEnd < 0) return ["", message];
  const cut = thoughtEnd + thoughtWords[1].length;
  return [message.slice(0, cut), message.slice(cut)];
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
