import type { Template } from "../../../templates/mod.ts";
import type { Tokenizer } from "../../tokenizer/mod.ts";
import type { Conversation } from "../formats/conversation.ts";
import { type Part, render, type RenderedTurn } from "./render.ts";

/** A question and its answer as ids. */
export interface EncodedTurn {
  readonly source: Int32Array;
  readonly answer: Int32Array;
}

/** Ids of many lists of parts. Each text is tokenised by itself; all go to the tokenizer in one call, equal ones once. */
export async function encodeParts(
  tokenizer: Tokenizer,
  lists: Part[][],
  { split = false } = {},
): Promise<Int32Array[]> {
  const places = new Map<string, number>();
  for (const list of lists) {
    for (const part of list) if (typeof part === "string" && !places.has(part)) places.set(part, places.size);
  }
  const encoded = await tokenizer.encodeBatch([...places.keys()], { split });
  return lists.map((list) => {
    if (list.length === 1 && typeof list[0] === "string") return encoded[places.get(list[0])!];
    return joined(list.map((part) => typeof part === "number" ? [part] : encoded[places.get(part)!]));
  });
}

/** The turns of many conversations, in one call of the tokenizer. */
export async function encodeTurns(
  tokenizer: Tokenizer,
  rendered: RenderedTurn[][],
  { split = false } = {},
): Promise<EncodedTurn[][]> {
  const ids = await encodeParts(tokenizer, rendered.flatMap((turns) => turns.flatMap((t) => [t.source, t.answer])), {
    split,
  });
  let next = 0;
  return rendered.map((turns) => turns.map(() => ({ source: ids[next++], answer: ids[next++] })));
}

/**
 * A conversation as the ids of a prompt: the model answers its last message, a question or a tool's result. With `split`,
 * special tokens in the messages are ordinary text.
 */
export async function encodePrompt(
  template: Template,
  tokenizer: Tokenizer,
  conversation: Conversation,
  { split = false } = {},
): Promise<number[]> {
  const rendered = render(template, tokenizer, conversation, { lastOnly: true, splitSpecialTokens: split });
  const ids = await encodeParts(tokenizer, [rendered.flatMap((turn) => [...turn.source, ...turn.answer])], { split });
  return Array.from(ids[0]);
}

/** Ids at which an answer ends: EOS and the template's stop words. */
export function stopIds(template: Template, tokenizer: Tokenizer): number[] {
  const ids = template.stopWords.map((word) => tokenizer.idOf(word)).filter((id) => id !== undefined);
  return [...new Set(tokenizer.eos === undefined ? ids : [tokenizer.eos.id, ...ids])];
}

/** Lists of ids, end to end. */
export function joined(lists: ArrayLike<number>[]): Int32Array {
  const all = new Int32Array(lists.reduce((sum, list) => sum + list.length, 0));
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  return all;
}
