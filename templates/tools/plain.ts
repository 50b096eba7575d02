import { code, say } from "../jinja/quote.ts";
import { EACH_CALL, EACH_TOOL, type Parameter, type Tool, type ToolFormat } from "./format.ts";
import { pythonJson } from "./json.ts";

const INTRODUCTION = "You have access to the following tools:\n";
const USE = "Use the following format if using a tool:\n```\nAction: tool name (one of [";
const INPUT = "])\nAction Input: the input to the tool, in a JSON format representing the kwargs " +
  '(e.g. ```{"input": "hello world", "num_beams": 5}```)\n```\n';

/** For models without a format of their own: ReAct's Action and Action Input. https://arxiv.org/abs/2210.03629 */
export const plain: ToolFormat = {
  describe: (tools) =>
    INTRODUCTION + tools.map(described).join("") + USE + tools.map(({ name }) => name).join(", ") + INPUT,
  call: (calls) => calls.map((c) => `Action: ${c.name}\nAction Input: ${pythonJson(c.arguments)}`).join("\n"),
  afterText: "\n",
  describeJinja: [
    say(INTRODUCTION),
    EACH_TOOL,
    say("> Tool Name: ", code("tool.name"), "\nTool Description: ", code("(tool.description or '')"), "\nTool Args:\n"),
    "{%- if tool.parameters is mapping and tool.parameters.properties is mapping %}",
    "{%- for key, parameter in tool.parameters.properties | items %}",
    "{%- set type = parameter.type or '' %}",
    say("  - ", code("key"), " (", code("(type if type is string else type | join(','))")),
    `{{- ', required' if key in (tool.parameters.required or []) else '' }}`,
    say("): ", code("(parameter.description or '')")),
    "{%- if parameter.enum is defined and parameter.enum is iterable %}",
    say(", should be one of ["),
    "{%- for choice in parameter.enum %}",
    "{{- choice if choice is string else choice | tojson }}",
    "{{- '' if loop.last else ', ' }}",
    "{%- endfor %}",
    say("]"),
    "{%- endif %}",
    "{%- if parameter['items'] is mapping %}",
    say(", where each item should be ", code("(parameter['items'].type or '')")),
    "{%- endif %}",
    say("\n"),
    "{%- endfor %}",
    "{%- endif %}",
    say("\n"),
    "{%- endfor %}",
    say(USE),
    EACH_TOOL,
    "{{- tool.name + ('' if loop.last else ', ') }}",
    "{%- endfor %}",
    say(INPUT),
  ],
  callJinja: [
    EACH_CALL,
    say("Action: ", code("call.name"), "\nAction Input: ", code("given"), code("('' if loop.last else '\\n')")),
    "{%- endfor %}",
  ],
};

function described({ name, description, parameters }: Tool): string {
  const lines = Object.entries(parameters?.properties ?? {}).map(([key, parameter]) =>
    argument(key, parameter, parameters?.required?.includes(key) ?? false)
  );
  return `> Tool Name: ${name}\nTool Description: ${description ?? ""}\nTool Args:\n${lines.join("")}\n`;
}

function argument(key: string, { type, description, enum: choices, items }: Parameter, required: boolean): string {
  const text = choices?.map((choice) => typeof choice === "string" ? choice : pythonJson(choice)).join(", ");
  return `  - ${key} (${type ?? ""}${required ? ", required" : ""}): ${description ?? ""}` +
    (text === undefined ? "" : `, should be one of [${text}]`) +
    (items === undefined ? "" : `, where each item should be ${items.type ?? ""}`) + "\n";
}
