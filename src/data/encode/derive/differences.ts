import type { Template } from "../../../../templates/mod.ts";
import { sameText, unlessRefused } from "./fit.ts";
import { type Probe, PROBES, WORDS } from "./probes.ts";
import { type Marks, ours, type Write } from "./writers.ts";

/** A kind of conversation that a template writes in another way than the Jinja that it was derived from. */
interface Difference {
  readonly kind: string;
  readonly theirs: string;
  readonly ours: string;
}

/** Where one of these differs, answers would be learned to other prompts than are asked. */
const NEEDED: Record<string, readonly Probe[]> = {
  "one question": PROBES.question,
  "several turns": PROBES.turns.slice(0, 1),
};
const NEEDED_SYSTEM: Record<string, readonly Probe[]> = {
  "a system prompt": PROBES.system,
  "a system prompt and several turns": PROBES.systemAndTurns,
};

/** An answer need not be written as its prompt opens it. */
const ANSWERS: Record<string, readonly Probe[]> = {
  "an answer": [...PROBES.pair, ...PROBES.turns],
  "a thought": PROBES.thought,
};

/** What some data has. */
const RARE: Record<string, readonly Probe[]> = {
  "white space around a question": PROBES.space.user,
  "white space around an answer": PROBES.space.assistant,
  "line breaks around an answer": PROBES.breaks,
  "an empty answer": [...PROBES.emptyAnswer, ...PROBES.emptyPastAnswer],
  "a thought in an earlier answer": PROBES.pastThought,
};

const RARE_SYSTEM: Record<string, readonly Probe[]> = {
  "a system prompt and an answer": [...PROBES.systemAndAnswer, ...PROBES.systemAndAnswers],
  "white space around a system prompt": PROBES.space.system,
};

const WITH_TOOLS: Record<string, readonly Probe[]> = {
  "white space around a tool's result": PROBES.space.observation,
  "results of several calls": PROBES.results,
  "text beside a call": PROBES.textAndCall,
};

/** The first difference that no training may have; undefined if there is none. */
export function firstNeeded(template: Template, write: Write, marks: Marks): Difference | undefined {
  const kinds = takesSystem(write) ? { ...NEEDED, ...NEEDED_SYSTEM } : NEEDED;
  return differences(kinds, template, write, marks).next().value;
}

/** What a user should know, a sentence each. */
export function notesOf(template: Template, write: Write, marks: Marks): string[] {
  const answers = [...differences(ANSWERS, template, write, marks)];
  // Where no answer is written in the same way, all that hold one differ.
  const isRest = ({ prompt }: Probe) => prompt || answers[0]?.kind !== "an answer";
  const hasSystem = takesSystem(write);
  const kinds = { ...(hasSystem && RARE_SYSTEM), ...RARE, ...(template.toolFormat !== null && WITH_TOOLS) };
  const rest = Object.entries(kinds).map(([kind, probes]) => [kind, probes.filter(isRest)] as const);
  const found = [...answers, ...differences(Object.fromEntries(rest), template, write, marks)];
  const said = found.length === 0 ? [] : [
    `the tokenizer's chat template writes some conversations in another way than ftx can follow: ${summary(found)}`,
  ];
  if (!hasSystem) {
    said.push("the tokenizer's chat template takes no system prompt: ftx writes it in front of the first question");
  }
  if (hasDay(write)) said.push("the tokenizer's chat template writes the day: ftx always writes 26 Jul 2024");
  return said;
}

function* differences(
  kinds: Record<string, readonly Probe[]>,
  template: Template,
  write: Write,
  marks: Marks,
): Generator<Difference> {
  const own = ours(template, marks);
  for (const [kind, probes] of Object.entries(kinds)) {
    const probe = probes.find((probe) => sameText(write, own, probe, marks) === false);
    if (probe === undefined) continue;
    const [theirs, mine] = [write, own].map((write) => write(probe.conversation, probe.prompt));
    yield { kind, ...excerpts(theirs, mine) };
  }
}

export function describe({ kind, theirs, ours }: Difference): string {
  return `with ${kind} it writes ${JSON.stringify(theirs)}, and ftx ${JSON.stringify(ours)}`;
}

const SHOWN = 3; // differences with their texts; of more, only the kinds

function summary(found: readonly Difference[]): string {
  const rest = found.slice(SHOWN).map(({ kind }) => kind);
  return found.slice(0, SHOWN).map(describe).join("; ") + (rest.length === 0 ? "" : `; and with ${rest.join(", ")}`);
}

const [BEFORE, AFTER] = [16, 32]; // characters around the first that differs

function excerpts(theirs: string, ours: string): { theirs: string; ours: string } {
  let at = 0;
  while (at < theirs.length && theirs[at] === ours[at]) at++;
  const cut = (text: string) =>
    (at > BEFORE ? "…" : "") + text.slice(Math.max(0, at - BEFORE), at + AFTER) + (text.length > at + AFTER ? "…" : "");
  return { theirs: cut(theirs), ours: cut(ours) };
}

/** Whether the Jinja writes system prompts at all. */
function takesSystem(write: Write): boolean {
  return unlessRefused(() => write(PROBES.system[0].conversation, true).includes(WORDS.system)) ?? false;
}

const OTHER_DAY = "31 Dec 1999";

function hasDay(write: Write): boolean {
  const [{ conversation }] = PROBES.question;
  return write(conversation, true) !== write(conversation, true, OTHER_DAY);
}
