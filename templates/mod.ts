/** Prompt templates as values, one family a file. Adding one is an import and a key. */
import { alpaca } from "./alpaca.ts";
import { chatml } from "./chatml.ts";
import { empty, plain } from "./default.ts";
import { gemma } from "./gemma.ts";
import { llama2 } from "./llama2.ts";
import { llama3 } from "./llama3.ts";
import { mistral } from "./mistral.ts";
import type { TemplateName } from "./names.ts";
import { phi3 } from "./phi3.ts";
import { qwen, qwen3, qwen3Nothink } from "./qwen.ts";
import type { Template } from "./template.ts";
import { vicuna } from "./vicuna.ts";
import { zephyr } from "./zephyr.ts";

export { type JinjaNames, toJinja } from "./jinja/to_jinja.ts";
export { BOS, CONTENT, EOS, type Slot, type Template, template, type Trims } from "./template.ts";
export { pythonJson } from "./tools/json.ts";
export { type Call, type Tool, TOOL_FORMATS, type ToolFormat } from "./tools/mod.ts";

/** Every template, by the name that `template` takes. */
export const TEMPLATES: Readonly<Record<string, Template>> = {
  default: plain,
  empty,
  alpaca,
  vicuna,
  llama2,
  llama3,
  mistral,
  chatml,
  qwen,
  qwen3,
  qwen3_nothink: qwen3Nothink,
  gemma,
  phi3,
  phi: phi3,
  zephyr,
} satisfies Record<TemplateName, Template>;
