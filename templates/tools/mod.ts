/** How models describe and call tools, as values, one format a file. Adding one is an import and a key. */
import type { ToolFormatName } from "../names.ts";
import type { ToolFormat } from "./format.ts";
import { llama3 } from "./llama3.ts";
import { mistral } from "./mistral.ts";
import { plain } from "./plain.ts";
import { qwen } from "./qwen.ts";

export type { Call, Tool, ToolFormat } from "./format.ts";

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
