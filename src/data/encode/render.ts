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
  const { trims } = template;
  const write = (slots: readonly Slot[], ...contents: string[]) =>
    writeSlots(slots, contents, tokenizer, splitSpecialTokens);
  const system = systemText(
    givenSystem ? trimmed(givenSystem, trims.system) : template.defaultSystem,
    describeTools(template, tools),
  );
  const hasSystem = system !== "" || template.alwaysSystem;
  const inUser = hasSystem && template.systemInUser ? template.system.filter(isText).join("") : "";
  const systemTurn = template.systemInUser === "last" ? Math.max(0, messages.findLastIndex(isQuestion)) : 0;
  const head = [
    ...write(template.prefix),
    ...(!hasSystem ? write(template.withoutSystem) : template.systemInUser ? [] : write(template.system, system)),
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
    const results = resultsOf(template, question);
    const asking = filled(slots, before + results.map(() => CONTENT).join(template.betweenResults));
    const contents = before.includes(CONTENT) ? [system, ...results] : results;
    turns.push({
      source: [...start, ...write(asking, ...contents), ...write(thought.read)],
      answer: answer === undefined ? [] : [...write(thought.learned), ...writeAnswer(thought.said, parts)],
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

/** The text of a question, or the results of all tools that were called together. */
function resultsOf({ trims }: Template, { role, content, moreResults = [] }: Message): string[] {
  return [content, ...moreResults].map((text) => trimmed(text, trims[role as keyof Trims]));
}

function trimmed(text: string, side: Trims[keyof Trims]): string {
  if (side === undefined) return text;
  return side === "both" ? text.trim() : side === "start" ? text.trimStart() : text.trimEnd();
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

/** An answer with its thought in place, see `Template.enableThinking`; without an answer, what the prompt says of it. */
function withThought(
  template: Template,
  answer: string | undefined,
): { read: string[]; learned: string[]; said: string } {
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

const isText = (slot: Slot): slot is string => typeof slot === "string";

/** Slots around another text than a single message. The replacement is a function because `$&` must stay `$&`. */
function filled(slots: readonly Slot[], text: string): Slot[] {
  return slots.map((slot) => isText(slot) ? slot.replace(CONTENT, () => text) : slot);
}

/**
 * Slots with their contents, in order. With `split`, the template's own special tokens stay tokens, even where those in the
 * contents are ordinary text.
 */
function writeSlots(
  slots: readonly Slot[],
  contents: readonly string[],
  tokenizer: Vocabulary,
  split: boolean,
): Part[] {
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
