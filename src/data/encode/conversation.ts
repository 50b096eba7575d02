import type { Template } from "../../../templates/mod.ts";
import type { Tokenizer } from "../../tokenizer/mod.ts";
import type { Conversation } from "../formats/conversation.ts";
import { IGNORED } from "../sets/batch.ts";
import type { Document } from "../sets/documents.ts";
import { RowError } from "../sources/row.ts";
import { fitFromStart, type Fitted, shorten } from "./cutoff.ts";
import { render, type RenderedTurn } from "./render.ts";
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

/** A document, and whether it was shortened to fit `cutoffLen`; or why there is none. */
export type EncodedDocument = (Document & { readonly cut: boolean }) | { readonly dropped: string };

/**
 * Encodes many conversations, of which answers are learned, in few calls of the tokenizer.
 *
 * A conversation longer than `cutoffLen` loses turns from its end, with `maskHistory` from its beginning (the system prompt
 * stays). A single turn that is too long is cut by `shorten`.
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

  const rendered = conversations.map((conversation) => attempt(() => write(conversation)));
  const turns = await encodeTurns(tokenizer, rendered.map((r) => r instanceof RowError ? [] : r), { split });
  return await Promise.all(conversations.map(async (conversation, i) => {
    const written = rendered[i];
    if (written instanceof RowError) return { dropped: written.message };
    const whole = lengthOf(turns[i]) <= budget;
    const fitted = whole
      ? { turns: turns[i], cut: false, openEnd: false }
      : options.maskHistory
      ? await fitFromEnd(conversation, turns[i])
      : fitFromStart(turns[i], budget) ?? await shortenFirst(written[0], turns[i][0]);
    return fitted === undefined
      ? { dropped: "cutoff_len has no room for its question and answer" }
      : labelled(fitted, template, tokenizer, options);
  }));

  /** The latest turns that fit, after the system prompt; if even the last one does not, that one shortened. */
  async function fitFromEnd(conversation: Conversation, all: EncodedTurn[]): Promise<Fitted | undefined> {
    const last = all.length - 1;
    let first = last;
    let length = lengthOf(all.slice(last));
    while (first > 1 && (length += lengthOf(all.slice(first - 1, first))) <= budget) first--;
    for (first = Math.max(1, first); first <= last; first++) {
      // A tool's result makes no sense without the call that asked for it.
      if (conversation.messages[2 * first].role === "observation" && first < last) continue;
      const written = write({ ...conversation, messages: conversation.messages.slice(2 * first) });
      const [turns] = await encodeTurns(tokenizer, [written], { split });
      if (lengthOf(turns) <= budget) return { turns, cut: true, openEnd: false };
      if (first === last) return await shortenFirst(written[0], turns[0]);
    }
    return await shortenFirst(write(conversation)[0], all[0]);
  }

  async function shortenFirst(written: RenderedTurn, turn: EncodedTurn): Promise<Fitted | undefined> {
    const [opening, closing] = await encodeParts(tokenizer, [written.opening, written.closing], { split });
    return shorten(turn, opening.length, closing.length, budget);
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
  template: Template,
  tokenizer: Tokenizer,
  options: ConversationOptions,
): EncodedDocument {
  const eos = template.efficientEos ? tokenizer.eos?.id : undefined;
  const finalEos = eos !== undefined && !fitted.openEnd ? 1 : 0;
  const ids = new Int32Array(lengthOf(fitted.turns) + finalEos);
  const labels = new Int32Array(ids.length).fill(IGNORED);
  let at = 0;
  fitted.turns.forEach(({ source, answer }, i) => {
    ids.set(source, at);
    if (options.trainOnPrompt) labels.set(source, at);
    else if (eos !== undefined && i > 0 && !options.maskHistory && source.length > 0) labels[at] = eos;
    at += source.length;
    ids.set(answer, at);
    if (!options.maskHistory || i === fitted.turns.length - 1) labels.set(answer, at);
    at += answer.length;
  });
  if (finalEos === 1) ids[at] = labels[at] = eos!;
  const learned = labels.some((label, i) => i > 0 && label !== IGNORED); // nothing predicts a document's first token
  return learned ? { ids, labels, cut: fitted.cut } : { dropped: "cutoff_len leaves no token to learn" };
}
