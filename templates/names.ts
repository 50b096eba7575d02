// The names alone, for help and settings, which load no template.

/** What `template` can name. `TEMPLATES` has one for each. */
export const TEMPLATE_NAMES = [
  "default",
  "empty",
  "alpaca",
  "vicuna",
  "llama2",
  "llama3",
  "mistral",
  "chatml",
  "qwen",
  "qwen3",
  "qwen3_nothink",
  "gemma",
  "phi3",
  "phi",
  "zephyr",
] as const;

/** What `tool_format` can name. `TOOL_FORMATS` has one for each. */
export const TOOL_FORMAT_NAMES = ["default", "qwen", "llama3", "mistral"] as const;

export type TemplateName = typeof TEMPLATE_NAMES[number];
export type ToolFormatName = typeof TOOL_FORMAT_NAMES[number];
