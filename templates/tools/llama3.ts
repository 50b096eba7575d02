import { code, say } from "../jinja/quote.ts";
import { EACH_CALL, EACH_WRAPPED_TOOL, type ToolFormat, wrapped } from "./format.ts";
import { pythonJson } from "./json.ts";

const INTRODUCTION = "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n" +
  "You have access to the following functions. To call a function, please respond with JSON for a function call. " +
  'Respond in the format {"name": function name, "parameters": dictionary of argument name and its value}. ' +
  "Do not use variables.\n\n";

/**
 * Llama 3.1 and later. Its template prints the date. Training data must not depend on the day it was made, so the date is
 * the one that Meta's template falls back to.
 */
export const llama3: ToolFormat = {
  describe: (tools) => INTRODUCTION + tools.map((tool) => `${pythonJson(wrapped(tool), 4)}\n\n`).join(""),
  call: (calls) => {
    const written = calls.map((c) => ({ name: c.name, parameters: c.arguments }));
    return pythonJson(written.length === 1 ? written[0] : written);
  },
  afterText: "\n",
  describeJinja: [
    say(INTRODUCTION),
    EACH_WRAPPED_TOOL,
    say(code("(tool | tojson(indent=4))"), "\n\n"),
    "{%- endfor %}",
  ],
  callJinja: [
    "{{- '[' if calls | length > 1 else '' }}",
    EACH_CALL,
    say('{"name": ', code("name"), ', "parameters": ', code("given"), "}", code("('' if loop.last else ', ')")),
    "{%- endfor %}",
    "{{- ']' if calls | length > 1 else '' }}",
  ],
};
