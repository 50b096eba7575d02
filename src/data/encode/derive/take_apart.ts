import { BOS, CONTENT, EOS, type Slot, type Template, template } from "../../../../templates/mod.ts";
import { JinjaError } from "../jinja.ts";
import { PROBES, WORDS } from "./probes.ts";
import type { Marks, Write } from "./writers.ts";

/** What a chat template does that slots cannot. */
export class CannotFollow extends Error {}

const [ASK, PAIR, TURNS] = [PROBES.question, PROBES.pair, PROBES.turns].map(([{ conversation }]) => conversation);

/** A template of what surrounds the messages in small conversations. Throws where that cannot be written as slots. */
export function takeApart(write: Write, marks: Marks): Template {
  const [bos, eos] = [marks.bos?.text ?? "", marks.eos?.text ?? ""];
  const [first, userAfter] = around(write(ASK, true), WORDS.question);
  const [, answered] = around(write(PAIR), WORDS.question);
  const [before, end] = around(answered, WORDS.answer);
  const [, rest] = around(write(TURNS, true), WORDS.answer);
  const [between] = around(rest, WORDS.next);
  // Phi 3 writes an EOS at the end of the whole conversation, after the mark that ends the answer.
  const assistantAfter = between.startsWith(end) || eos === "" || !end.endsWith(eos) ? end : end.slice(0, -eos.length);
  if (!between.startsWith(assistantAfter)) throw new CannotFollow("the end of an answer depends on what follows");
  const { header, opened, lead } = answerHeader(userAfter, before);
  const userBefore = between.slice(assistantAfter.length);
  const isThought = lead.includes("<think>") || opened !== "";
  const slots = (text: string) => splitAtSpecials(text, marks);
  const tailTokens = marks.specialTexts.filter((token) => assistantAfter.includes(token));
  const { systemBefore, systemAfter, prefix, withoutSystem = "", ...system } = systemParts(
    write,
    bos,
    first,
    userBefore,
  );
  return template({
    ...system,
    name: "the tokenizer's own",
    prefix: slots(prefix),
    system: slots(systemBefore + CONTENT + systemAfter),
    withoutSystem: slots(withoutSystem),
    user: slots(userBefore + CONTENT + header),
    assistant: slots((isThought ? "" : lead) + CONTENT + assistantAfter),
    stopWords: tailTokens.filter((token) => token !== eos),
    efficientEos: tailTokens.length === 0 && (eos === "" || !assistantAfter.includes(eos)),
    ...(isThought && thoughtParts(opened, lead)),
  });
}

/** What a prompt ends with, cut in the header of every answer and what opens a thought; and what precedes an answer. */
function answerHeader(userAfter: string, before: string): { header: string; opened: string; lead: string } {
  const at = userAfter.indexOf("<think>");
  const [header, opened] = at < 0 ? [userAfter, ""] : [userAfter.slice(0, at), userAfter.slice(at)];
  if (!before.startsWith(header)) throw new CannotFollow("the header of an answer depends on the answer");
  return { header, opened, lead: before.slice(header.length) };
}

interface SystemParts extends Pick<Template, "defaultSystem" | "alwaysSystem" | "systemInUser"> {
  prefix: string;
  withoutSystem?: string;
  systemBefore: string;
  systemAfter: string;
}

/**
 * What surrounds a system prompt, and what replaces it where there is none. `first` is what stands before the first
 * question, `userBefore` what stands before later ones.
 */
function systemParts(write: Write, bos: string, first: string, userBefore: string): SystemParts {
  const none = { prefix: "", systemBefore: "", systemAfter: "\n\n", defaultSystem: "", alwaysSystem: false };
  const start = first.slice(0, first.length - userBefore.length);
  const isPlain = first.endsWith(userBefore);
  let before: string, after: string;
  try {
    [before, after] = around(around(write({ ...ASK, system: WORDS.system }, true), WORDS.question)[0], WORDS.system);
  } catch (error) {
    if (!isPlain || !(error instanceof JinjaError || error instanceof CannotFollow)) throw error;
    return { ...none, prefix: start, systemInUser: "first" }; // it takes no system prompt: that goes before the question
  }
  if (!isPlain) return defaultInQuestion(first, userBefore, before, after);
  if (!after.endsWith(userBefore) || userBefore === "") {
    if (!before.startsWith(start + userBefore)) throw new CannotFollow("the system prompt has no fixed place");
    const systemBefore = before.slice((start + userBefore).length);
    return { ...none, prefix: start, systemBefore, systemAfter: after, systemInUser: "first" };
  }
  const systemAfter = after.slice(0, after.length - userBefore.length);
  const prefix = bos !== "" && start.startsWith(bos) && before.startsWith(bos) ? bos : "";
  const systemBefore = before.slice(prefix.length);
  const filled = start.slice(prefix.length); // a default system prompt with what is around it, or nothing
  const apart = { ...none, prefix, systemBefore, systemAfter, systemInUser: false } as const;
  if (filled === "") return apart;
  if (filled.startsWith(systemBefore) && filled.endsWith(systemAfter)) {
    const defaultSystem = filled.slice(systemBefore.length, filled.length - systemAfter.length);
    return { ...apart, defaultSystem, alwaysSystem: defaultSystem === "" };
  }
  // The start is constant, with or without a system prompt; or a text that replaces it.
  if (before.startsWith(start)) return { ...apart, prefix: start, systemBefore: before.slice(start.length) };
  return { ...apart, withoutSystem: filled };
}

/** Llama 2's first versions wrote a default system prompt inside of the first question. */
function defaultInQuestion(first: string, userBefore: string, before: string, after: string): SystemParts {
  const at = before.lastIndexOf(userBefore);
  if (at < 0 || !first.startsWith(before) || !first.endsWith(after)) {
    throw new CannotFollow("the first question has another header than later ones");
  }
  return {
    prefix: before.slice(0, at),
    systemBefore: before.slice(at + userBefore.length),
    systemAfter: after,
    defaultSystem: first.slice(before.length, first.length - after.length),
    alwaysSystem: false,
    systemInUser: "first",
  };
}

/** What stands before and after a word. Throws where the word is missing. */
export function around(text: string, word: string): [before: string, after: string] {
  const at = text.indexOf(word);
  if (at < 0) throw new CannotFollow("it leaves out a message");
  return [text.slice(0, at), text.slice(at + word.length)];
}

/** BOS and EOS as slots of their own; everything else as text. */
export function splitAtSpecials(text: string, { bos, eos }: Marks): Slot[] {
  const specials = [bos?.text, eos?.text].filter((special) => special !== undefined);
  if (specials.length === 0) return text === "" ? [] : [text];
  const escaped = specials.map((special) => special.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return text.split(new RegExp(`(${escaped.join("|")})`)).filter((piece) => piece !== "").map((piece) =>
    piece === eos?.text ? EOS : piece === bos?.text ? BOS : piece
  );
}

/** What is known of thoughts from what opens them in a prompt, and from the empty one in front of an answer. */
function thoughtParts(opened: string, lead: string): Partial<Template> {
  const given = lead !== "" ? lead : opened.includes("</think>") ? opened : "<think>\n\n</think>\n\n";
  const end = given.indexOf("</think>");
  const [open, close] = given === "<think>\n\n</think>\n\n"
    ? ["<think>\n", "\n</think>\n\n"]
    : end < 0
    ? [given, "</think>"]
    : [given.slice(0, end), given.slice(end)];
  if (opened === "") return { reasoning: true, thoughtWords: [open, close] };
  if (opened.includes("</think>")) return { reasoning: true, opensThought: "empty", thoughtWords: [open, close] };
  return { reasoning: true, opensThought: "open", thoughtWords: [opened, close] };
}
