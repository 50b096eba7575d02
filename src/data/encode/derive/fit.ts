import { CONTENT, type Template, TOOL_FORMATS, type ToolFormat, type Trims } from "../../../../templates/mod.ts";
import { RowError } from "../../sources/row.ts";
import { JinjaError } from "../jinja.ts";
import { type Probe, PROBES, SECOND_RESULT, TOOL_CALL, WORDS } from "./probes.ts";
import { around, CannotFollow, splitAtSpecials } from "./take_apart.ts";
import { type Marks, ours, type Write } from "./writers.ts";

/** Whether a template writes as the Jinja in all of these. */
type Agrees = (template: Template, probes: readonly Probe[]) => boolean;

/** A template with all that can be told by trying: a change is kept where the Jinja then writes the same. */
export function fitted(found: Template, write: Write, marks: Marks): Template {
  const agrees: Agrees = (template, probes) =>
    probes.every((probe) => sameText(write, ours(template, marks), probe, marks) ?? false);
  const fit = (template: Template, changes: readonly Partial<Template>[], probes: readonly Probe[]) => ({
    ...template,
    ...changes.find((change) => agrees({ ...template, ...change }, probes)),
  });
  let template = withThoughts(found, write);
  template = fit(template, [{}, { fillsThought: "all" }], PROBES.turns.slice(0, 1));
  template = fit(template, [{}, { keepsBreaks: true }], PROBES.pastThought);
  template = fit(template, [{}, { systemInUser: "last" }], PROBES.systemAndTurns);
  template = { ...template, ...toolsOf(template, write, marks, agrees) };
  for (const role of ["system", "user", "assistant", "observation"] as const) {
    const trims = SIDES.map((side) => ({ trims: { ...template.trims, ...(side && { [role]: side }) } }));
    template = fit(template, trims, PROBES.space[role]);
  }
  return template;
}

const SIDES = [undefined, "both", "start", "end"] as const satisfies readonly Trims[keyof Trims][];

/**
 * Whether both write a probe in the same way; undefined where one of them refuses it. An EOS that the Jinja
 * writes behind everything does not count.
 */
export function sameText(
  a: Write,
  b: Write,
  { conversation, prompt }: Probe,
  { eos }: Marks,
): boolean | undefined {
  const texts = unlessRefused(() => [a(conversation, prompt), b(conversation, prompt)]);
  return texts && (texts[0] === texts[1] || (!prompt && texts[0] === texts[1] + (eos?.text ?? "")));
}

/** What is written; undefined where the Jinja, or a template without a format of tools, refuses to. */
export function unlessRefused<T>(write: () => T): T | undefined {
  try {
    return write();
  } catch (error) {
    if (error instanceof JinjaError || error instanceof CannotFollow || error instanceof RowError) return undefined;
    throw error;
  }
}

/** Whether earlier answers lose their thoughts. */
function withThoughts(found: Template, write: Write): Template {
  const text = unlessRefused(() => write(PROBES.pastThought[0].conversation, true));
  if (text === undefined) return found;
  if (text.includes(WORDS.thought)) return found.reasoning ? { ...found, preserveThinking: true } : found;
  return found.reasoning ? found : { ...found, reasoning: true, fillsThought: "none" };
}

/** The first format of tools in which the Jinja writes them, with its slots; else none. */
function toolsOf(template: Template, write: Write, marks: Marks, agrees: Agrees): Partial<Template> {
  for (const [toolFormat, format] of Object.entries(TOOL_FORMATS)) {
    const slots = unlessRefused(() => toolSlots(template, format, write, marks));
    const change = { toolFormat, ...slots };
    if (slots !== undefined && agrees({ ...template, ...change }, PROBES.tools)) return change;
  }
  return { toolFormat: null };
}

function toolSlots(template: Template, format: ToolFormat, write: Write, marks: Marks) {
  const eos = marks.eos?.text ?? "";
  const called = format.call([TOOL_CALL]);
  const after = (text: string, word: string) => around(text, word)[1];
  const header = textAfter(template.user, eos);
  const opened = openedBy(template);
  const [ask, use, useTwice] = [PROBES.call, PROBES.result, PROBES.results].map(([{ conversation, prompt }]) =>
    after(write(conversation, prompt), WORDS.question)
  );
  const end = after(ask, called);
  const [start, rest] = around(use, called);
  const thought = template.fillsThought === "all" ? template.thoughtWords.join("") : "";
  const before = start.startsWith(header + thought) ? header + start.slice((header + thought).length) : start;
  const [gap, close] = around(rest, WORDS.result);
  const callEnd = gap.startsWith(end) || eos === "" || !end.endsWith(eos) ? end : end.slice(0, -eos.length);
  if (!before.startsWith(header) || !gap.startsWith(callEnd) || !close.endsWith(opened)) {
    throw new CannotFollow("its calls have other slots");
  }
  const slots = (text: string) => splitAtSpecials(text, marks);
  return {
    function: slots(before.slice(header.length) + CONTENT + callEnd),
    observation: slots(gap.slice(callEnd.length) + CONTENT + close.slice(0, close.length - opened.length)),
    betweenResults: around(after(useTwice, WORDS.result), SECOND_RESULT)[0],
  };
}

/** What a prompt ends with, behind the header of the answer. */
function openedBy({ opensThought, thoughtWords }: Template): string {
  return opensThought === "open" ? thoughtWords[0] : opensThought === "empty" ? thoughtWords.join("") : "";
}

/** The text of slots behind the message. */
function textAfter(slots: Template["user"], eos: string): string {
  return slots.map((slot) => typeof slot === "string" ? slot : eos).join("").split(CONTENT)[1];
}
