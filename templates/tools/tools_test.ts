import assert from "node:assert/strict";
import { pythonJson } from "./json.ts";
import { type Tool, TOOL_FORMATS } from "./mod.ts";

const tool: Tool = {
  name: "run",
  description: "Runs it",
  parameters: {
    properties: {
      command: { type: "string", description: "what" },
      mode: { type: "string", description: "how", enum: ["a", "b"] },
      tags: { type: "array", description: "marks", items: { type: "string" } },
    },
    required: ["command"],
  },
};
const calls = [{ name: "run", arguments: { command: "ü" } }, { name: "stop", arguments: {} }];

Deno.test("pythonJson() writes as json.dumps(ensure_ascii=False)", () => {
  assert.equal(pythonJson({ a: [1, "ü", null, true, {}], b: undefined }), '{"a": [1, "ü", null, true, {}]}');
});

Deno.test("the default tool format lists arguments and asks for Action and Action Input", () => {
  const text = TOOL_FORMATS.default.describe([tool]);
  assert.ok(text.startsWith(
    "You have access to the following tools:\n> Tool Name: run\nTool Description: Runs it\nTool Args:\n" +
      "  - command (string, required): what\n  - mode (string): how, should be one of [a, b]\n" +
      "  - tags (array): marks, where each item should be string\n\n",
  ));
  assert.ok(text.includes("Action: tool name (one of [run])\n"));
  assert.equal(
    TOOL_FORMATS.default.call(calls),
    'Action: run\nAction Input: {"command": "ü"}\nAction: stop\nAction Input: {}',
  );
});

Deno.test("the llama3 tool format does not depend on the day", () => {
  assert.ok(
    TOOL_FORMATS.llama3.describe([tool]).startsWith(
      "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n",
    ),
  );
  assert.equal(TOOL_FORMATS.llama3.call(calls.slice(0, 1)), '{"name": "run", "parameters": {"command": "ü"}}');
  assert.equal(TOOL_FORMATS.llama3.call(calls).at(0), "[");
});

Deno.test("the mistral tool format writes lists", () => {
  assert.equal(
    TOOL_FORMATS.mistral.describe([{ name: "f" }]),
    '[AVAILABLE_TOOLS] [{"type": "function", "function": {"name": "f"}}][/AVAILABLE_TOOLS]',
  );
  assert.equal(TOOL_FORMATS.mistral.call(calls.slice(1)), '[{"name": "stop", "arguments": {}}]');
});
