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

/**
 * The flags of a section: `--lora-rank <n>`, `--[no-]plot-loss`, `--model, --model-name-or-path <text>`. Settings that
 * act only with some `stage`, `finetuning_type` or `optim` have a group of their own. Help leaves out those that do nothing with
 * the command's `stage`; the command line still knows them, to say so.
 */
export function optionsOf({ title, shape }: Section, stage?: string): Option[] {
  return Object.entries(shape as Record<string, z.ZodType>).flatMap(([name, schema]) => {
    const facts = factsOf(schema);
    const flag = `--${kebabCase(name)}`;
    const value = placeholder(schema);
    const aliases = (facts.aliases ?? []).map((other) => `--${kebabCase(other)}`);
    const short = aliases.find((alias) => 2 * alias.length < flag.length);
    const others = aliases.filter((alias) => alias !== short);
    const spelled = short === undefined ? flag : `${short}, ${flag}`;
    const place = [title, conditionsOf(schema, stage, true)].filter(Boolean).join(", only with ");
    const group = facts.note === undefined ? place : NO_EFFECT;
    const first = new Option(`${spelled} ${value}`, helpOf(schema, others, stage)).helpGroup(`${group}:`);
    const options = [first];
    if (stage !== undefined && (name === "stage" || !allows(facts.only ?? {}, "stage", stage))) first.hideHelp();
    options.push(...others.map((other) => new Option(`${other} ${value}`).hideHelp()));
    if (isBoolean(schema)) options.push(new Option(`--no-${kebabCase(name)}`).hideHelp());
    // A repeated flag is a longer list, or a newer value.
    const gather = (next: string, before?: string) => before === undefined ? next : `${before},${next}`;
    if (bare(schema) instanceof z.ZodArray) options.forEach((option) => option.argParser(gather));
    return options;
  });
}

/** How a flag is shown: switches without `[switch]`, and with `[no-]` where leaving them out does not mean no. */
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

/** In words, under which choice of the run a setting acts, or under which other settings. `stage`: already chosen. */
function conditionsOf(schema: z.ZodType, stage: string | undefined, choices: boolean): string {
  const all = Object.entries(factsOf(schema).only ?? {});
  return onlyInWords(Object.fromEntries(
    all.filter(([name]) => CHOICES.includes(name) === choices && !(name === "stage" && stage !== undefined)),
  ));
}

// Few and short choices are shown in the flag's place, others after its text.
function choicesOf({ options }: z.ZodEnum): string | undefined {
  const shown = `<${options.join("|")}>`;
  return shown.length <= 22 ? shown : undefined;
}

function helpOf(schema: z.ZodType, aliases: string[], stage?: string): string {
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
  const conditions = conditionsOf(schema, stage, false);
  if (conditions !== "") facts.push(`only with ${conditions}`);
  if (aliases.length > 0) facts.push(`also ${aliases.join(", ")}`);
  return description + (facts.length > 0 ? ` (${facts.join("; ")})` : "");
}

// 5e-5 is easier to read than 0.00005.
function shortest(number: number): string {
  return Math.abs(number) > 0 && Math.abs(number) < 1e-3 ? number.toExponential() : String(number);
}
