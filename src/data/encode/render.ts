import { CONTENT, type Slot, type Template } from "../../../templates/mod.ts";
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

/** Writes a conversation, turn by turn. The last answer may be missing: it is then empty. */
export function render(
  template: Template,
  tokenizer: Tokenizer,
  conversation: Conversation,
  { lastOnly = false, splitSpecialTokens = false }: RenderOptions = {},
): RenderedTurn[] {
  const write = (slots: readonly Slot[], content: string) => writeSlots(slots, content, tokenizer, splitSpecialTokens);
  const system = systemText(conversation.system || template.defaultSystem, describeTools(template, conversation.tools));
  const hasSystem = system !== "" || template.alwaysSystem;
  const inUser = hasSystem && template.systemInUser ? fillText(template.system, system) : "";
  const head = [
    ...write(template.prefix, ""),
    ...(hasSystem && !template.systemInUser ? write(template.system, system) : []),
  ];
  const turns: RenderedTurn[] = [];
  for (let i = 0; i < conversation.messages.length; i += 2) {
    const [question, answer] = [conversation.messages[i], conversation.messages[i + 1]];
    const slots = question.role === "observation" ? template.observation : template.user;
    const start = i === 0 ? head : [];
    const before = i === 0 ? inUser : "";
    const isLast = i + 2 >= conversation.messages.length;
    const { said, calls, space } = answerParts(template, answer, lastOnly && !isLast);
    const thought = lastOnly && !isLast ? NO_THOUGHT : thoughtFor(template, said);
    const [opening, closing] = around(slots, before);
    turns.push({
      source: [...start, ...write(slots, before + questionText(template, question)), ...thought.read],
      answer: answer === undefined ? [] : [...thought.learned, ...writeAnswer(said, calls, space)],
      opening: [...start, ...write(opening, "")],
      closing: [...write(closing, ""), ...thought.read],
    });
  }
  return turns;

  function writeAnswer(said: string, calls: string | undefined, space: string): Part[] {
    if (calls === undefined) return write(template.assistant, said);
    const text = said === "" || said.endsWith(template.thoughtWords[1]) ? said : said + space;
    const opening = upToContent(template.assistant);
    if (sameSlots(opening, upToContent(template.function))) return write(template.function, text + calls);
    return [...(text === "" ? [] : write(opening, text)), ...write(template.function, calls)];
  }
}

function questionText({ betweenResults }: Template, { content, moreResults = [] }: Message): string {
  return [content, ...moreResults].join(betweenResults);
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

function answerParts(
  template: Template,
  answer: Message | undefined,
  dropThought: boolean,
): { said: string; calls?: string; space: string } {
  if (answer === undefined) return { said: "", space: "" };
  const given = answer.role === "function" ? callParts(template, answer) : { said: answer.content, space: "" };
  const drop = template.reasoning &&
    (template.enableThinking === false || (dropThought && !template.preserveThinking));
  return {
    said: drop ? withoutThought(template, given.said) : given.said,
    calls: "calls" in given ? writeCalls(template, given.calls) : undefined,
    space: given.space,
  };
}

const NO_THOUGHT: { read: Part[]; learned: Part[] } = { read: [], learned: [] };

/** Where the empty thought of an answer without reasoning goes: see `Template.enableThinking`. */
function thoughtFor(template: Template, answer: string): { read: Part[]; learned: Part[] } {
  if (!template.reasoning || hasThought(template, answer)) return NO_THOUGHT;
  const thought = template.thoughtWords.join("");
  return template.enableThinking === true ? { read: [], learned: [thought] } : { read: [thought], learned: [] };
}

function hasThought({ thoughtWords: [open, close] }: Template, answer: string): boolean {
  return answer.includes(open.trim()) || answer.includes(close.trim());
}

function withoutThought({ thoughtWords: [open, close] }: Template, answer: string): string {
  const start = answer.indexOf(open.trim());
  const end = answer.indexOf(close.trim(), start + 1);
  if (start < 0 || end < 0) return answer;
  return (answer.slice(0, start) + answer.slice(end + close.trim().length)).replace(/^\n+/, "");
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

function writeSlots(slots: readonly Slot[], content: string, tokenizer: Tokenizer, split: boolean): Part[] {
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
function splitSlot(slot: string, content: string, tokenizer: Tokenizer): Part[] {
  const specials = tokenizer.specialTexts.map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  if (specials.length === 0) return [fill(slot, content)];
  return slot.split(new RegExp(`(${specials.join("|")})`)).map((piece, i) =>
    i % 2 === 1 ? tokenizer.idOf(piece)! : fill(piece, content)
  );
}
