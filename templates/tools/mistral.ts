import { code, say } from "../jinja/quote.ts";
import { EACH_CALL, EACH_WRAPPED_TOOL, type ToolFormat, wrapped } from "./format.ts";
import { pythonJson } from "./json.ts";

/** Mistral 7B Instruct 0.3 and later. */
export const mistral: ToolFormat = {
  describe: (tools) => `[AVAILABLE_TOOLS] ${pythonJson(tools.map(wrapped))}[/AVAILABLE_TOOLS]`,
  call: (calls) => pythonJson(calls.map((c) => ({ name: c.name, arguments: c.arguments }))),
  afterText: "",
  describeJinja: [
    say("[AVAILABLE_TOOLS] ["),
    EACH_WRAPPED_TOOL,
    say(code("(tool | tojson)"), code("('' if loop.last else ', ')")),
    "{%- endfor %}",
    say("][/AVAILABLE_TOOLS]"),
  ],
  callJinja: [
    say("["),
    EACH_CALL,
    say('{"name": ', code("name"), ', "arguments": ', code("given"), "}", code("('' if loop.last else ', ')")),
    "{%- endfor %}",
    say("]"),
  ],
};
