import { Option } from "commander";
import { z } from "zod";
import { CHOICES } from "../recipe/combinations.ts";
import { allows, onlyInWords } from "../settings/only.ts";
import { factsOf, type Section } from "../settings/setting.ts";
import { kebabCase } from "../settings/spelling.ts";
import { bare, defaultOf } from "../settings/value.ts";

/** Flags that stand for a setting and its value. */
export const SHORT: Readonly<Record<string, { name: string; value: string }>> = {
  lora: { name: "finetuningType", value: "lora" },
  freeze: { name: "finetuningType", value: "freeze" },
  full: { name: "finetuningType", value: "full" },
};

/** The heading of settings that ftx accepts but does nothing for. */
export const NO_EFFECT = "Accepted, but without effect";

/** The command that flags are for. */
export interface FlagContext {
  /** The settings that the command uses. */
  names: ReadonlySet<string>;
  /** The stage that the command stands for, if any. */
  stage?: string;
}

/**
 * The flags of a section: `--lora-rank <n>`, `--[no-]plot-loss`, `--model, --model-name-or-path <text>`. Settings that
 * act only with some `stage`, `finetuning_type` or `optim` get a group of their own. Those that do nothing with the
 * command's stage are hidden: help does not list them, but the command line reads them, so that `settle` can refuse them.
 */
export function optionsOf({ title, shape }: Section, context: FlagContext): Option[] {
  const { stage } = context;
  return Object.entries(shape as Record<string, z.ZodType>).flatMap(([name, schema]) => {
    const facts = factsOf(schema);
    const flag = `--${kebabCase(name)}`;
    const value = placeholder(schema);
    const aliases = (facts.aliases ?? []).map((other) => `--${kebabCase(other)}`);
    const short = aliases.find((alias) => 2 * alias.length < flag.length);
    const others = aliases.filter((alias) => alias !== short);
    const spelled = short === undefined ? flag : `${short}, ${flag}`;
    const place = [title, conditionsOf(schema, context, true)].filter(Boolean).join(", only with ");
    const group = facts.note === undefined ? place : NO_EFFECT;
    const first = new Option(`${spelled} ${value}`, helpOf(schema, others, context)).helpGroup(`${group}:`);
    const options = [first];
    if (stage !== undefined && (name === "stage" || !allows(facts.only ?? {}, "stage", stage))) first.hideHelp();
    options.push(...others.map((other) => new Option(`${other} ${value}`).hideHelp()));
    if (isBoolean(schema)) options.push(new Option(`--no-${kebabCase(name)}`).hideHelp());
    // A repeated flag adds to a list, and replaces any other value.
    const gather = (next: string, before?: string) => before === undefined ? next : `${before},${next}`;
    if (bare(schema) instanceof z.ZodArray) options.forEach((option) => option.argParser(gather));
    return options;
  });
}

/** How help shows a flag: a switch without `[switch]`, and with `[no-]` unless it is off by default. */
export function termOf(option: Option, schema: z.ZodType | undefined): string {
  if (schema === undefined || !isBoolean(schema)) return option.flags;
  const flags = option.flags.replace(" [switch]", "");
  return defaultOf(schema) === false ? flags : flags.replace("--", "--[no-]");
}

function isBoolean(schema: z.ZodType): boolean {
  return bare(schema) instanceof z.ZodBoolean;
}

function placeholder(schema: z.ZodType): string {
  const inner = bare(schema);
  if (inner instanceof z.ZodBoolean) return "[switch]";
  if (inner instanceof z.ZodUnion && inner.options.some((option) => option instanceof z.ZodBoolean)) return "[text]";
  if (inner instanceof z.ZodNumber) return inner.format === "safeint" ? "<n>" : "<x>";
  if (inner instanceof z.ZodArray) return "<a,b>";
  if (inner instanceof z.ZodRecord) return "<json>";
  if (inner instanceof z.ZodEnum) return choicesOf(inner) ?? "<name>";
  return "<text>";
}

/** With which values of the CHOICES a setting acts, or with which of other settings, as far as the command leaves them open. */
function conditionsOf(schema: z.ZodType, { names, stage }: FlagContext, choices: boolean): string {
  const isOpen = (name: string) => names.has(name) && !(name === "stage" && stage !== undefined);
  const all = Object.entries(factsOf(schema).only ?? {});
  return onlyInWords(Object.fromEntries(all.filter(([name]) => isOpen(name) && CHOICES.includes(name) === choices)));
}

// A few short choices stand in place of the value; longer ones follow the help text.
function choicesOf({ options }: z.ZodEnum): string | undefined {
  const shown = `<${options.join("|")}>`;
  return shown.length <= 22 ? shown : undefined;
}

function helpOf(schema: z.ZodType, aliases: string[], context: FlagContext): string {
  const { description, unit, note } = factsOf(schema);
  if (note !== undefined) return note;
  const inner = bare(schema);
  const usual = defaultOf(schema);
  const isEmpty = usual === undefined || usual === null || usual === false && isBoolean(schema) ||
    typeof usual === "object" && Object.keys(usual).length === 0;
  const facts: string[] = [];
  if (inner instanceof z.ZodEnum && choicesOf(inner) === undefined) facts.push(inner.options.join(", "));
  if (!isEmpty) {
    facts.push(
      `default ${typeof usual === "number" ? shortest(usual) : usual}` + (unit === undefined ? "" : ` ${unit}`),
    );
  } else if (unit !== undefined) facts.push(`in ${unit}`);
  const conditions = conditionsOf(schema, context, false);
  if (conditions !== "") facts.push(`only with ${conditions}`);
  if (aliases.length > 0) facts.push(`also ${aliases.join(", ")}`);
  return description + (facts.length > 0 ? ` (${facts.join("; ")})` : "");
}

// 5e-5 is easier to read than 0.00005.
function shortest(number: number): string {
  return Math.abs(number) > 0 && Math.abs(number) < 1e-3 ? number.toExponential() : String(number);
}
