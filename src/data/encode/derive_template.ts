import { BOS, CONTENT, EOS, type Slot, type Template, template } from "../../../templates/mod.ts";
import { RecipeError } from "../../errors.ts";
import type { Tokenizer } from "../../tokenizer/mod.ts";
import { renderJinja } from "./jinja.ts";

// Words that no template contains, one for each place in the conversations that are rendered.
const [QUESTION, ANSWER, NEXT, SYSTEM] = ["Xquestionone", "Xanswerone", "Xquestiontwo", "Xsystem"];

/**
 * A template derived from the tokenizer's own Jinja chat template: it renders small conversations and takes what surrounds
 * the messages as the slots. Tools and special rules (dates, conditions on single messages) are not derived. Throws
 * `RecipeError` where the chat template cannot be written as slots.
 */
export function deriveTemplate(source: string, tokenizer: Tokenizer): Template {
  const [bos, eos] = [tokenizer.bos?.text ?? "", tokenizer.eos?.text ?? ""];
  const write = (messages: [string, string][], addGenerationPrompt = false) =>
    renderJinja(source, messages.map(([role, content]) => ({ role, content })), { addGenerationPrompt, bos, eos });

  let parts: Parts;
  try {
    parts = takeApart(write, bos, eos);
  } catch (error) {
    const { message } = error as Error;
    throw new RecipeError(
      `Cannot derive a template from the tokenizer's chat template: ${message}; name one with template`,
    );
  }
  const slots = (text: string) => splitAtSpecials(text, bos, eos);
  const tailTokens = tokenizer.specialTexts.filter((token) => parts.assistantAfter.includes(token));
  return template({
    name: "the tokenizer's own",
    prefix: slots(parts.prefix),
    system: slots(parts.systemBefore + CONTENT + parts.systemAfter),
    user: slots(parts.userBefore + CONTENT + parts.userAfter),
    assistant: slots(parts.assistantBefore + CONTENT + parts.assistantAfter),
    defaultSystem: parts.defaultSystem,
    stopWords: tailTokens.filter((token) => token !== eos),
    systemInUser: parts.systemInUser,
    alwaysSystem: parts.alwaysSystem,
    efficientEos: tailTokens.length === 0 && (eos === "" || !parts.assistantAfter.includes(eos)),
    jinja: source,
    reasoning: parts.thought !== "",
    ...(parts.thought !== "" && { thoughtWords: thoughtWords(parts.thought) }),
  });
}

interface Parts {
  prefix: string;
  systemBefore: string;
  systemAfter: string;
  defaultSystem: string;
  systemInUser: boolean;
  alwaysSystem: boolean;
  userBefore: string;
  userAfter: string;
  assistantBefore: string;
  assistantAfter: string;
  /** An empty thought in front of the answer. */
  thought: string;
}

type Write = (messages: [string, string][], addGenerationPrompt?: boolean) => string;

function takeApart(write: Write, bos: string, eos: string): Parts {
  const [first, userAfter] = around(write([["user", QUESTION]], true), QUESTION);
  const [, answered] = around(write([["user", QUESTION], ["assistant", ANSWER]]), QUESTION);
  const [before, end] = around(answered, ANSWER);
  const [, rest] = around(write([["user", QUESTION], ["assistant", ANSWER], ["user", NEXT]], true), ANSWER);
  const [between] = around(rest, NEXT);
  // Phi 3 writes an EOS at the end of the whole conversation, after the mark that ends the answer.
  const assistantAfter = between.startsWith(end) || eos === "" || !end.endsWith(eos) ? end : end.slice(0, -eos.length);
  if (!between.startsWith(assistantAfter)) throw new Error("the end of an answer depends on what follows");
  if (!before.startsWith(userAfter)) throw new Error("the header of an answer depends on the answer");
  const userBefore = between.slice(assistantAfter.length);
  if (!first.endsWith(userBefore)) throw new Error("the first question has another header than later ones");
  const lead = before.slice(userAfter.length);
  const isThought = lead.includes("<think>");
  return {
    ...systemParts(write, bos, first.slice(0, first.length - userBefore.length), userBefore),
    userBefore,
    userAfter,
    assistantBefore: isThought ? "" : lead,
    assistantAfter,
    thought: isThought ? lead : "",
  };
}

/** What surrounds a system prompt, and what replaces it where there is none. */
function systemParts(write: Write, bos: string, start: string, userBefore: string) {
  const prefix = bos !== "" && start.startsWith(bos) ? bos : "";
  const filled = start.slice(prefix.length); // a default system prompt with what is around it, or nothing
  const none = { prefix: start, systemBefore: "", systemAfter: "\n\n", defaultSystem: "", alwaysSystem: false };
  let before: string, after: string;
  try {
    const whole = write([["system", SYSTEM], ["user", QUESTION]], true);
    [before, after] = around(around(whole, QUESTION)[0], SYSTEM);
  } catch {
    return { ...none, systemInUser: true }; // the template takes no system prompt: it goes before the question
  }
  if (!after.endsWith(userBefore) || userBefore === "") {
    if (!before.startsWith(start + userBefore)) throw new Error("the system prompt has no fixed place");
    const systemBefore = before.slice((start + userBefore).length);
    return { ...none, systemBefore, systemAfter: after, systemInUser: true };
  }
  const systemAfter = after.slice(0, after.length - userBefore.length);
  const systemBefore = before.slice(prefix.length);
  if (filled === "") return { ...none, prefix, systemBefore, systemAfter, systemInUser: false };
  if (!filled.startsWith(systemBefore) || !filled.endsWith(systemAfter)) {
    // The start is constant, with or without a system prompt.
    if (!before.startsWith(start)) throw new Error("a conversation without a system prompt begins in another way");
    return { ...none, systemBefore: before.slice(start.length), systemAfter, systemInUser: false };
  }
  const defaultSystem = filled.slice(systemBefore.length, filled.length - systemAfter.length);
  return { prefix, systemBefore, systemAfter, defaultSystem, alwaysSystem: defaultSystem === "", systemInUser: false };
}

function around(text: string, word: string): [before: string, after: string] {
  const at = text.indexOf(word);
  if (at < 0) throw new Error("it leaves out a message");
  return [text.slice(0, at), text.slice(at + word.length)];
}

/** BOS and EOS as slots of their own; everything else as text. */
function splitAtSpecials(text: string, bos: string, eos: string): Slot[] {
  const specials = [bos, eos].filter((special) => special !== "");
  if (specials.length === 0) return text === "" ? [] : [text];
  const escaped = specials.map((special) => special.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return text.split(new RegExp(`(${escaped.join("|")})`)).filter((piece) => piece !== "").map((piece) =>
    piece === eos ? EOS : piece === bos ? BOS : piece
  );
}

function thoughtWords(thought: string): [string, string] {
  const usual = "<think>\n\n</think>\n\n";
  if (thought === usual) return ["<think>\n", "\n</think>\n\n"];
  const end = thought.indexOf("</think>");
  return end < 0 ? [thought, "</think>"] : [thought.slice(0, end), thought.slice(end)];
}
