import type { Template } from "../../../templates/mod.ts";
import type { Tokenizer } from "../../tokenizer/mod.ts";
import type { Conversation } from "../formats/conversation.ts";
import { IGNORED } from "../sets/batch.ts";
import type { Document } from "../sets/documents.ts";
import { RowError } from "../sources/row.ts";
import { wholeCharacters } from "./characters.ts";
import { type Cut, fitFromStart, type Fitted } from "./cutoff.ts";
import { checkMarks } from "./marks.ts";
import { type Part, render, type RenderedTurn } from "./render.ts";
import { shorten, type Shortener } from "./shorten.ts";
import { type EncodedTurn, encodeParts, encodeTurns } from "./turns.ts";

/** What decides how a conversation becomes ids and labels. */
export interface ConversationOptions {
  /** Longest example in tokens. */
  cutoffLen: number;
  /** Learn the questions too. Default false. */
  trainOnPrompt?: boolean;
  /** Learn the last answer only. Default false. */
  maskHistory?: boolean;
  /** Read special tokens in the data as ordinary text. Default false. */
  splitSpecialTokens?: boolean;
}

/** A document, and whether it was shortened to fit `cutoffLen` (`system`: its system prompt too); or why there is none. */
export type EncodedDocument = (Document & { readonly cut: boolean | "system" }) | { readonly dropped: string };

/**
 * Encodes many conversations, of which answers are learned, in few calls of the tokenizer. An answer that the data marks as
 * not to be learned (OpenAI's `weight: 0`) is only read; with `maskHistory` only the last answer is learned, if it is not
 * marked so. Questions are learned with `trainOnPrompt`; the data can neither ask for nor refuse that for single ones.
 *
 * A conversation longer than `cutoffLen` loses turns from its end, with `maskHistory` from its beginning (the system prompt
 * stays). A single turn that is too long is shortened: its answer at the end, its question at the beginning, its system
 * prompt at the end, each between two characters. What the template writes around them stays whole.
 */
export async function encodeConversations(
  conversations: Conversation[],
  template: Template,
  tokenizer: Tokenizer,
  options: ConversationOptions,
): Promise<EncodedDocument[]> {
  const split = options.splitSpecialTokens ?? false;
  const budget = options.cutoffLen - (template.efficientEos ? 1 : 0);
  const write = (c: Conversation) =>
    render(template, tokenizer, c, { lastOnly: options.maskHistory, splitSpecialTokens: split });
  const encode = async (c: Conversation) => (await encodeTurns(tokenizer, [write(c)], { split }))[0];
  const encodePart = async (part: Part[]) => (await encodeParts(tokenizer, [part], { split }))[0];
  const cut: Cut = (ids, room) => wholeCharacters(tokenizer, ids, room);
  const shortener: Shortener = {
    encodeText: (text) => encodePart([text]),
    encodeSource: (c) => encodePart(write(c)[0].source),
    cut,
    defaultSystem: template.defaultSystem,
  };

  const rendered = conversations.map((conversation) =>
    attempt(() => {
      checkMarks(conversation, options);
      return write(conversation);
    })
  );
  const turns = await encodeTurns(tokenizer, rendered.map((r) => r instanceof RowError ? [] : r), { split });
  return await Promise.all(conversations.map(async (conversation, i) => {
    const written = rendered[i];
    if (written instanceof RowError) return { dropped: written.message };
    const fitted = await fit(conversation, turns[i]);
    return fitted === undefined
      ? { dropped: "cutoff_len has no room for its question and answer" }
      : labelled(fitted, conversation, template, tokenizer, options);
  }));

  async function fit(
    conversation: Conversation,
    all: EncodedTurn[],
  ): Promise<Fitted | undefined> {
    if (lengthOf(all) <= budget) return { turns: all, cut: false, openEnd: false };
    if (options.maskHistory) return await fitFromEnd(conversation, all);
    return await fitFromStart(all, budget, cut) ?? await shorten(conversation, all[0], budget, shortener);
  }

  /** The latest turns that fit, after the system prompt; if even the last one does not, that one shortened. */
  async function fitFromEnd(
    conversation: Conversation,
    all: EncodedTurn[],
  ): Promise<Fitted | undefined> {
    const last = all.length - 1;
    let first = last;
    let length = lengthOf(all.slice(last));
    while (first > 1 && (length += lengthOf(all.slice(first - 1, first))) <= budget) first--;
    for (first = Math.max(1, first); first < last; first++) {
      // A tool's result makes no sense without the call that asked for it.
      if (conversation.messages[2 * first].role === "observation") continue;
      const turns = await encode({ ...conversation, messages: conversation.messages.slice(2 * first) });
      if (lengthOf(turns) <= budget) return { turns, cut: true, openEnd: false, first };
    }
    const end = { ...conversation, messages: conversation.messages.slice(2 * last) };
    const [turn] = await encode(end);
    if (lengthOf([turn]) <= budget) return { turns: [turn], cut: true, openEnd: false, first: last };
    const fitted = await shorten(end, turn, budget, shortener);
    return fitted && { ...fitted, first: last };
  }
}

function attempt(write: () => RenderedTurn[]): RenderedTurn[] | RowError {
  try {
    return write();
  } catch (error) {
    if (error instanceof RowError) return error;
    throw error;
  }
}

function lengthOf(turns: EncodedTurn[]): number {
  return turns.reduce((sum, { source, answer }) => sum + source.length + answer.length, 0);
}

/**
 * Ids and labels of turns. With `efficientEos` the end of an answer is learned as an EOS at the token that opens the next
 * turn, and once more at the very end. The EOS of an answer that is not learned, or lost its end, is not learned either.
 */
function labelled(
  fitted: Fitted,
  { messages }: Conversation,
  template: Template,
  tokenizer: Tokenizer,
  options: ConversationOptions,
): EncodedDocument {
  const eos = template.efficientEos ? tokenizer.eos?.id : undefined;
  const finalEos = eos !== undefined && !fitted.openEnd ? 1 : 0;
  const ids = new Int32Array(lengthOf(fitted.turns) + finalEos);
  const labels = new Int32Array(ids.length).fill(IGNORED);
  const last = fitted.turns.length - 1;
  const first = fitted.first ?? 0; // turns before it were left out
  const learns = (turn: number) =>
    messages[2 * (first + turn) + 1].learned !== false && (!options.maskHistory || turn === last);
  let at = 0;
  fitted.turns.forEach(({ source, answer }, i) => {
    ids.set(source, at);
    if (options.trainOnPrompt) labels.set(source, at);
    else if (eos !== undefined && i > 0 && source.length > 0 && learns(i - 1)) labels[at] = eos;
    at += source.length;
    ids.set(answer, at);
    if (learns(i)) labels.set(answer, at);
    at += answer.length;
  });
  if (finalEos === 1) {
    ids[at] = eos!;
    if (learns(last)) labels[at] = eos!;
  }
  const learned = labels.some((label, i) => i > 0 && label !== IGNORED); // nothing predicts a document's first token
  return learned ? { ids, labels, cut: fitted.cut } : { dropped: "cutoff_len leaves no token to learn" };
}
