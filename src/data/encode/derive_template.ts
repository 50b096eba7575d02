import type { Template } from "../../../templates/mod.ts";
import { quoted, RecipeError } from "../../errors.ts";
import { describe, firstNeeded, notesOf } from "./derive/differences.ts";
import { fitted } from "./derive/fit.ts";
import { CannotFollow, takeApart } from "./derive/take_apart.ts";
import { type Marks, theirs } from "./derive/writers.ts";
import { JinjaRefusal } from "./jinja.ts";

/**
 * A template derived from a tokenizer's own Jinja chat template: it renders small conversations and takes what surrounds
 * the messages as the slots; tries how white space, thoughts and tools are written; and compares both for many kinds of
 * conversations. `onNote` is told of each kind that the template writes in another way. Some 150 renderings.
 *
 * Throws `RecipeError` where the chat template cannot be written as slots, or writes an ordinary prompt in another way.
 */
export function deriveTemplate(source: string, marks: Marks, onNote: (sentence: string) => void = () => {}): Template {
  try {
    const write = theirs(source, marks);
    const template = { ...fitted(takeApart(write, marks), write, marks), jinja: source };
    const difference = firstNeeded(template, write, marks);
    if (difference !== undefined) throw new CannotFollow(describe(difference));
    for (const note of notesOf(template, write, marks)) onNote(note);
    return template;
  } catch (error) {
    throw new RecipeError(
      `Cannot derive a template from the tokenizer's chat template: ${reason(error)}; name one with template`,
    );
  }
}

function reason(error: unknown): string {
  if (error instanceof CannotFollow) return error.message;
  const { message } = error as Error;
  if (error instanceof JinjaRefusal) return `it refuses an ordinary conversation (${quoted(message)})`;
  if (!(error instanceof RangeError)) return `the Jinja interpreter says ${quoted(message)}`;
  return /stack/.test(message)
    ? "it is nested too deeply, or calls itself without end"
    : "it makes a text that is too long";
}
