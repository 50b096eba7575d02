import { type Call, type Template, type Tool, TOOL_FORMATS } from "../../templates/mod.ts";

/** What is wrong with a row, said without the row's place: whoever reads the rows adds that. */
export class RowError extends Error {}

/** The text behind the system prompt that tells a model of its tools. */
export function describeTools(template: Template, tools: string | undefined): string {
  if (tools === undefined || tools.trim() === "") return "";
  const list = parsed(tools, "tools");
  if (!Array.isArray(list)) throw new RowError(`"tools" is not a list`);
  if (list.length === 0) return "";
  return TOOL_FORMATS[template.toolFormat].describe(list.map(readTool));
}

/** A tool, with or without OpenAI's wrapping `{type: "function", function: …}`. */
function readTool(value: any): Tool {
  const tool = value?.type === "function" && value.function !== undefined ? value.function : value;
  if (typeof tool?.name !== "string") throw new RowError(`a tool in "tools" has no "name"`);
  return tool;
}

/**
 * An answer that calls tools, as the template's models write calls. The message is JSON, `{name, arguments}` or a list of
 * such; reasoning before it stays, and `<tool_call>` around it is taken off.
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

/** Arguments given as JSON text, which is OpenAI's way, are read: they must not be encoded twice. */
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
