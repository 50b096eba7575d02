import { z } from "zod";
import { onlyInWords } from "../settings/only.ts";
import { factsOf } from "../settings/setting.ts";
import { snakeCase } from "../settings/spelling.ts";
import { bare } from "../settings/value.ts";
import { namesOf, schemasOf, SECTIONS } from "./recipe.ts";

type Json = Record<string, unknown>;

/**
 * A JSON Schema (draft 2020-12) for settings files, for editors that complete and check YAML. It accepts what ftx accepts:
 * aliases, lists as text with commas, null for a setting that is left out.
 */
export function jsonSchema(sections = SECTIONS): Json {
  const properties: Json = {};
  for (const [name, setting] of Object.entries(schemasOf(sections))) {
    const schema = settingSchema(setting);
    for (const known of namesOf(name, setting)) properties[snakeCase(known)] = schema;
  }
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "ftx settings",
    type: "object",
    properties,
    additionalProperties: false,
  };
}

function settingSchema(setting: z.ZodType): Json {
  const { description, unit, note, only, synonyms } = factsOf(setting);
  const {
    $schema: _,
    description: _d,
    unit: _u,
    note: _n,
    only: _o,
    aliases: _a,
    synonyms: _s,
    usual: _r,
    default: byDefault,
    ...type
  } = z
    .toJSONSchema(setting, { io: "input" }) as Json;
  if (synonyms !== undefined && Array.isArray(type.enum)) type.enum = [...type.enum, ...Object.keys(synonyms)];
  const alternatives: Json[] = [type];
  if (bare(setting) instanceof z.ZodArray) alternatives.push({ type: "string", description: "values as a,b" });
  if (!setting.safeParse(null).success) alternatives.push({ type: "null" });
  return {
    description: [
      description,
      unit && `Unit: ${unit}`,
      only && `Only with ${onlyInWords(only)}`,
      note && `Has no effect: ${note}`,
    ].filter(Boolean).join(". "),
    ...byDefault !== undefined && { default: byDefault },
    anyOf: alternatives,
  };
}
