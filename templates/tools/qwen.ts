import { code, say } from "../jinja/quote.ts";
import { EACH_CALL, EACH_WRAPPED_TOOL, type ToolFormat, wrapped } from "./format.ts";
import { pythonJson } from "./json.ts";

const INTRODUCTION = "\n\n# Tools\n\nYou may call one or more functions to assist with the user query.\n\n" +
  "You are provided with function signatures within <tools></tools> XML tags:\n<tools>";
const USE = "\n</tools>\n\nFor each function call, return a json object with function name and arguments " +
  "within <tool_call></tool_call> XML tags:\n" +
  '<tool_call>\n{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call>';

/** Qwen 2.5 and 3, as in their Jinja templates. */
export const qwen: ToolFormat = {
  describe: (tools) => INTRODUCTION + tools.map((tool) => `\n${pythonJson(wrapped(tool))}`).join("") + USE,
  call: (calls) =>
    calls.map((c) => `<tool_call>\n${pythonJson({ name: c.name, arguments: c.arguments })}\n</tool_call>`).join("\n"),
  afterText: "\n",
  describeJinja: [
    say(INTRODUCTION),
    EACH_WRAPPED_TOOL,
    say("\n", code("(tool | tojson)")),
    "{%- endfor %}",
    say(USE),
  ],
  callJinja: [
    EACH_CALL,
    say(
      code("('' if loop.first else '\\n')"),
      '<tool_call>\n{"name": ',
      code("name"),
      ', "arguments": ',
      code("given"),
    ),
    say("}\n</tool_call>"),
    "{%- endfor %}",
  ],
};
