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
  /** What precedes the question's own text; it is kept when the question must be shortened. */
  readonly opening: Part[];
  /** What follows the question's own text, the header of the answer; it is kept too. */
  readonly closing: Part[];
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
  const { trims } = template;
  const write = (slots: readonly Slot[], content: string) => writeSlots(slots, content, tokenizer, splitSpecialTokens);
  const system = systemText(
    givenSystem ? trimmed(givenSystem, trims.system) : template.defaultSystem,
    describeTools(template, tools),
  );
  const hasSystem = system !== "" || template.alwaysSystem;
  const inUser = hasSystem && template.systemInUser ? fillText(template.system, system) : "";
  const systemTurn = template.systemInUser === "last" ? Math.max(0, messages.findLastIndex(isQuestion)) : 0;
  const head = [
    ...write(template.prefix, ""),
    ...(!hasSystem ? write(template.withoutSystem, "") : template.systemInUser ? [] : write(template.system, system)),
  ];
  const turns: RenderedTurn[] = [];
  for (let i = 0; i < messages.length; i += 2) {
    const [question, answer] = [messages[i], messages[i + 1]];
    const slots = question.role === "observation" ? template.observation : template.user;
    const start = i === 0 ? head : [];
    const before = i === systemTurn ? inUser : "";
    const isPast = lastOnly && i + 2 < messages.length;
    const parts = answerParts(template, answer, isPast);
    const thought = isPast && template.fillsThought !== "all"
      ? { read: [], learned: [], said: parts.said }
      : withThought(template, answer && parts.said);
    const [opening, closing] = around(slots, before);
    turns.push({
      source: [...start, ...write(slots, before + questionText(template, question)), ...thought.read],
      answer: answer === undefined ? [] : [...thought.learned, ...writeAnswer(thought.said, parts)],
      opening: [...start, ...write(opening, "")],
      closing: [...write(closing, ""), ...thought.read],
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

const isQuestion = ({ role }: Message) => role === "user";

function questionText({ betweenResults, trims }: Template, { role, content, moreResults = [] }: Message): string {
  return [content, ...moreResults].map((text) => trimmed(text, trims[role as keyof Trims])).join(betweenResults);
}

function trimmed(text: string, side: Trims[keyof Trims]): string {
  if (side === undefined) return text;
  return side === "both" ? text.trim() : side === "start" ? text.trimStart() : text.trimEnd();
}

/** The slots that open a message, and its text. */
function upToContent(slots: readonly Slot[]): Slot[] {
  return around(slots, CONTENT)[0];
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

/** An answer with its thought in place, see `Template.enableThinking`; without an answer, what the prompt says of it. */
function withThought(template: Template, answer: string | undefined): { read: Part[]; learned: Part[]; said: string } {
  const { thoughtWords: [open, close], opensThought, fillsThought } = template;
  const enableThinking = opensThought === "empty" && template.enableThinking ? null : template.enableThinking;
  const opened = opensThought === "open" && enableThinking === true ? [open] : [];
  const said = answer ?? "";
  if (!template.reasoning) return { read: [], learned: [], said };
  if (hasThought(template, said)) {
    return opened.length > 0 && said.startsWith(open)
      ? { read: opened, learned: [], said: said.slice(open.length) }
      : { read: [], learned: [], said };
  }
  if (enableThinking === true && answer === undefined) return { read: opened, learned: [], said };
  if (enableThinking === true && fillsThought === "none") return { read: [], learned: [], said };
  const text = said.replace(/^\n+/, ""); // the thought ends with line breaks of its own
  if (enableThinking !== true) return { read: [open + close], learned: [], said: text };
  return { read: opened, learned: [opened.length > 0 ? close : open + close], said: text };
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

/** The slots before and after the message itself. */
function around(slots: readonly Slot[], before: string): [Slot[], Slot[]] {
  const at = slots.findIndex((slot) => typeof slot === "string" && slot.includes(CONTENT));
  if (at < 0) return [[...slots], []];
  const [left, right] = (slots[at] as string).split(CONTENT);
  return [[...slots.slice(0, at), left + before], [right, ...slots.slice(at + 1)]];
}

function fillText(slots: readonly Slot[], content: string): string {
  return slots.map((slot) => typeof slot === "string" ? fill(slot, content) : "").join("");
}

/** The replacement is a function because `$&` in a message must stay `$&`. */
function fill(slot: string, content: string): string {
  return slot.replace(CONTENT, () => content);
}

function writeSlots(slots: readonly Slot[], content: string, tokenizer: Vocabulary, split: boolean): Part[] {
  const parts: Part[] = [];
  for (const slot of slots) {
    if (typeof slot !== "string") {
      const id = "special" in slot ? tokenizer[slot.special]?.id : tokenizer.idOf(slot.token);
      if (id !== undefined) parts.push(id);
    } else if (split) parts.push(...splitSlot(slot, content, tokenizer));
    else if (slot !== "") parts.push(fill(slot, content));
  }
  return parts.filter((part) => part !== "");
}

/** The template's own special tokens stay tokens, even where those in the data are ordinary text. */
function splitSlot(slot: string, content: string, tokenizer: Vocabulary): Part[] {
  const specials = tokenizer.specialTexts.map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  if (specials.length === 0) return [fill(slot, content)];
  return slot.split(new RegExp(`(${specials.join("|")})`)).map((piece, i) =>
    i % 2 === 1 ? tokenizer.idOf(piece)! : fill(piece, content)
  );
}
