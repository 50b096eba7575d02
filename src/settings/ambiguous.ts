import { z } from "zod";
import type { Entry } from "./entry.ts";
import { bare } from "./value.ts";

/**
 * A note about a plain spelling that LLaMA-Factory's YAML reader (YAML 1.1) and ftx (YAML 1.2) read differently, or
 * undefined if they agree. `1e-4` needs none: both end up with the number.
 */
export function ambiguity({ name, source, where }: Entry, setting: z.ZodType): string | undefined {
  if (source === undefined) return undefined;
  const schema = bare(setting);
  const isNumber = schema instanceof z.ZodNumber;
  const isText = schema instanceof z.ZodString || schema instanceof z.ZodArray;
  const differs = (here: string, there: string) =>
    `${name} = ${source} (${where}) means ${here} here but ${there} to YAML 1.1 readers; write it unambiguously`;
  if (/^[+-]?0[0-7_]+$/.test(source) && (isNumber || isText)) {
    return differs(isNumber ? String(Number(source)) : "text", String(parseInt(source.replaceAll("_", ""), 8)));
  }
  if (isText && /^(yes|no|on|off)$/i.test(source)) {
    return differs(`the word "${source}"`, String(/^(yes|on)$/i.test(source)));
  }
  if (isText && /^[+-]?[1-9]\d*(:[0-5]?\d)+$/.test(source)) {
    return differs("text", String(source.split(":").reduce((sum, part) => sum * 60 + Number(part), 0)));
  }
  if (isText && /^[+-]?\d[\d_]*_\d+$/.test(source)) return differs("text", source.replaceAll("_", ""));
  return undefined;
}
