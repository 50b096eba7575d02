import { pythonJson } from "./json.ts";
import type { ToolFormatName } from "./names.ts";

/** A function that a model may call, as OpenAI describes one. */
export interface Tool {
  readonly name: string;
  readonly description?: string;
  readonly parameters?: {
    readonly properties?: Record<string, Parameter>;
    readonly required?: readonly string[];
  };
}

interface Parameter {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly items?: { readonly type?: string };
}

/** A call of a tool. */
export interface Call {
  readonly name: string;
  readonly arguments: unknown;
}

/** How tools are described to a family of models, and how it writes a call. */
export interface ToolFormat {
  /** The text that follows the system prompt. */
  describe(tools: readonly Tool[]): string;
  /** The answer that makes these calls. */
  call(calls: readonly Call[]): string;
}

const wrapped = (tool: Tool) => ({ type: "function", function: tool });

/** For models without a format of their own: ReAct's Action and Action Input. https://arxiv.org/abs/2210.03629 */
const plain: ToolFormat = {
  describe: (tools) =>
    `You have access to the following tools:\n${tools.map(described).join("")}` +
    "Use the following format if using a tool:\n```\n" +
    `Action: tool name (one of [${tools.map((tool) => tool.name).join(", ")}])\n` +
    "Action Input: the input to the tool, in a JSON format representing the kwargs " +
    '(e.g. ```{"input": "hello world", "num_beams": 5}```)\n```\n',
  call: (calls) => calls.map((c) => `Action: ${c.name}\nAction Input: ${pythonJson(c.arguments)}`).join("\n"),
};

function described({ name, description = "", parameters }: Tool): string {
  const lines = Object.entries(parameters?.properties ?? {}).map(([key, parameter]) => {
    const required = parameters?.required?.includes(key) ? ", required" : "";
    const choices = parameter.enum === undefined ? "" : `, should be one of [${parameter.enum.join(", ")}]`;
    const items = parameter.items === undefined ? "" : `, where each item should be ${parameter.items.type ?? ""}`;
    return `  - ${key} (${parameter.type ?? ""}${required}): ${parameter.description ?? ""}${choices}${items}\n`;
  });
  return `> Tool Name: ${name}\nTool Description: ${description}\nTool Args:\n${lines.join("")}\n`;
}

/** Qwen 2.5 and 3, as in their Jinja templates. */
const qwen: ToolFormat = {
  describe: (tools) =>
    "\n\n# Tools\n\nYou may call one or more functions to assist with the user query.\n\n" +
    "You are provided with function signatures within <tools></tools> XML tags:\n<tools>" +
    tools.map((tool) => `\n${pythonJson(wrapped(tool))}`).join("") +
    "\n</tools>\n\nFor each function call, return a json object with function name and arguments " +
    "within <tool_call></tool_call> XML tags:\n" +
    '<tool_call>\n{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call>',
  call: (calls) =>
    calls.map((c) => `<tool_call>\n${pythonJson({ name: c.name, arguments: c.arguments })}\n</tool_call>`).join("\n"),
};

/**
 * Llama 3.1 and later. Its template prints the date. Training data must not depend on the day it was made, so the date is
 * the one that Meta's template falls back to.
 */
const llama3: ToolFormat = {
  describe: (tools) =>
    "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n" +
    "You have access to the following functions. To call a function, please respond with JSON for a function call. " +
    'Respond in the format {"name": function name, "parameters": dictionary of argument name and its value}. ' +
    "Do not use variables.\n\n" +
    tools.map((tool) => `${pythonJson(wrapped(tool), 4)}\n\n`).join(""),
  call: (calls) => {
    const written = calls.map((c) => ({ name: c.name, parameters: c.arguments }));
    return pythonJson(written.length === 1 ? written[0] : written);
  },
};

/** Mistral 7B Instruct 0.3 and later. */
const mistral: ToolFormat = {
  describe: (tools) => `[AVAILABLE_TOOLS] ${pythonJson(tools.map(wrapped))}[/AVAILABLE_TOOLS]`,
  call: (calls) => pythonJson(calls.map((c) => ({ name: c.name, arguments: c.arguments }))),
};

/** Every way of writing tools, by the name that `tool_format` takes. */
export const TOOL_FORMATS: Readonly<Record<string, ToolFormat>> = {
  default: plain,
  qwen,
  llama3,
  mistral,
} satisfies Record<
  ToolFormatName,
  ToolFormat
>;
