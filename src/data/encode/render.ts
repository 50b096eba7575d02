import { CONTENT, type Slot, type Template, type Trims } from "../../../templates/mod.ts";
import type { Tokenizer } from "../../tokenizer/mod.ts";
import type { Conversation, Message } from "../formats/conversation.ts";
import { callParts, describeTools, writeCalls } from "./calls.ts";

/** A text that is tokenised by itself, or an id. */
export type Part = string | number;

/** A question and its answer, as written with a template. */
export interface RenderedTurn {
  /** What is read: prefix, system prompt, question, header of the answer. */
  readonly source: Part[];
  /** What is learned. */
  readonly answer: Part[];
}

/** How a conversation is written. */
export interface RenderOptions {
  /** Only the last answer matters: earlier answers lose their reasoning, unless the template keeps it. Default false. */
  lastOnly?: boolean;
  /** Special tokens in the data are read as ordinary text. Default false. */
  splitSpecialTokens?: boolean;
}

/** What is needed of a tokenizer. */
export type Vocabulary = Pick<Tokenizer, "bos" | "eos" | "idOf" | "specialTexts">;

/** Writes a conversation, turn by turn. The last answer may be missing: it is then empty. */
export function render(
  template: Template,
  tokenizer: Vocabulary,
  { system: givenSystem, tools, messages }: Conversation,
  { lastOnly = false, splitSpecialTokens = false }: RenderOptions = {},
): RenderedTurn[] {
  const write = (slots: readonly Slot[], ...contents: string[]) =>
    writeSlots(slots, contents, tokenizer, splitSpecialTokens);
  const system = systemText(conversation.system || template.defaultSystem, describeTools(template, conversation.tools));
  const hasSystem = system !== "" || template.alwaysSystem;
  const inUser = hasSystem && template.systemInUser ? template.system.filter(isText).join("") : "";
  const head = [
    ...write(template.prefix),
    ...(hasSystem && !template.systemInUser ? write(template.system, system) : []),
  ];
  const turns: RenderedTurn[] = [];
  for (let i = 0; i < messages.length; i += 2) {
    const [question, answer] = [messages[i], messages[i + 1]];
    const slots = question.role === "observation" ? template.observation : template.user;
    const start = i === 0 ? head : [];
    const before = i === 0 ? inUser : "";
    const results = [question.content, ...question.moreResults ?? []];
    const asking = filled(slots, before + results.map(() => CONTENT).join(template.betweenResults));
    const isLast = i + 2 >= conversation.messages.length;
    const { said, calls, space } = answerParts(template, answer, lastOnly && !isLast);
    const thought = lastOnly && !isLast ? NO_THOUGHT : thoughtFor(template, said);
    turns.push({
      source: [...start, ...write(asking, ...before === "" ? results : [system, ...results]), ...write(thought.read)],
      answer: answer === undefined ? [] : [...write(thought.learned), ...writeAnswer(said, calls, space)],
    });
  }
  return turns;

  function writeAnswer(said: string, { calls, space }: AnswerParts): Part[] {
    if (calls === undefined) return write(template.assistant, said);
    const isThought = said.trimEnd().endsWith(template.thoughtWords[1].trim());
    const text = said.trim() === "" || isThought ? said : said + space;
    const opening = upToContent(template.assistant);
    if (sameSlots(opening, upToContent(template.function))) return write(template.function, text + calls);
    return [...(text === "" ? [] : write(opening, text)), ...write(template.function, calls)];
  }
}

/** The slots that open a message, and its text. */
function upToContent(slots: readonly Slot[]): Slot[] {
  const at = slots.findIndex((slot) => isText(slot) && slot.includes(CONTENT));
  if (at < 0) return [...slots];
  return [...slots.slice(0, at), (slots[at] as string).split(CONTENT)[0] + CONTENT];
}

function sameSlots(a: readonly Slot[], b: readonly Slot[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Tools follow the system prompt; without one, the blank lines between the two go too. */
function systemText(system: string, tools: string): string {
  return system === "" ? tools.trimStart() : system + tools;
}

interface AnswerParts {
  readonly said: string;
  readonly calls?: string;
  readonly space: string;
}

function answerParts(template: Template, answer: Message | undefined, isPast: boolean): AnswerParts {
  if (answer === undefined) return { said: "", space: "" };
  const given = answer.role === "function" ? callParts(template, answer) : { said: answer.content, space: "" };
  const drop = template.reasoning && (template.enableThinking === false || (isPast && !template.preserveThinking));
  return {
    said: trimmed(drop ? withoutThought(template, given.said) : given.said, template.trims.assistant),
    calls: "calls" in given ? writeCalls(template, given.calls) : undefined,
    space: given.space,
  };
}

const NO_THOUGHT: { read: string[]; learned: string[] } = { read: [], learned: [] };

/** Where the empty thought of an answer without reasoning goes: see `Template.enableThinking`. */
function thoughtFor(template: Template, answer: string): { read: string[]; learned: string[] } {
  if (!template.reasoning || hasThought(template, answer)) return NO_THOUGHT;
  const thought = template.thoughtWords.join("");
  return template.enableThinking === true ? { read: [], learned: [thought] } : { read: [thought], learned: [] };
}

function hasThought({ thoughtWords: [open, close] }: Template, answer: string): boolean {
  return answer.includes(open.trim()) || answer.includes(close.trim());
}

/** Where a prompt opened the thought, the answer holds its end alone. */
function withoutThought({ thoughtWords: [open, close], keepsBreaks }: Template, answer: string): string {
  const start = answer.indexOf(open.trim());
  const end = answer.indexOf(close.trim(), start + 1);
  if (end < 0) return answer;
  const rest = answer.slice(0, Math.max(0, start)) + answer.slice(end + close.trim().length);
  return keepsBreaks ? rest : rest.replace(/^\n+/, "");
}

const isText = (slot: Slot): slot is string => typeof slot === "string";

/** Slots around another text than a single message. The replacement is a function because `$&` must stay `$&`. */
function filled(slots: readonly Slot[], text: string): Slot[] {
  return slots.map((slot) => isText(slot) ? slot.replace(CONTENT, () => text) : slot);
}

/**
 * Slots with their contents, in order. With `split`, the template's own special tokens stay tokens, even where those in the
 * contents are ordinary text.
 */
function writeSlots(slots: readonly Slot[], contents: readonly string[], tokenizer: Tokenizer, split: boolean): Part[] {
  let next = 0;
  const fill = (text: string) => text.replaceAll(CONTENT, () => contents[next++]);
  const parts = slots.flatMap((slot): (Part | undefined)[] => {
    if (!isText(slot)) return ["special" in slot ? tokenizer[slot.special]?.id : tokenizer.idOf(slot.token)];
    if (!split || tokenizer.specialTexts.length === 0) return [fill(slot)];
    const specials = tokenizer.specialTexts.map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    const pieces = slot.split(new RegExp(`(${specials.join("|")})`));
    return pieces.map((piece, i) => i % 2 === 1 ? tokenizer.idOf(piece) : fill(piece));
  });
  return parts.filter((part): part is Part => part !== undefined && part !== "");
}
