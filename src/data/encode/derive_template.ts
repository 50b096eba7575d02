import type { Template } from "../../../templates/mod.ts";
import { quoted, RecipeError } from "../../errors.ts";
import { describe, firstNeeded, notesOf } from "./derive/differences.ts";
import { fitted } from "./derive/fit.ts";
import { CannotFollow, takeApart } from "./derive/take_apart.ts";
import { type Marks, theirs } from "./derive/writers.ts";
import { JinjaError, JinjaRefusal } from "./jinja.ts";

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
    if (!(error instanceof JinjaError || error instanceof CannotFollow)) throw error;
    const why = error instanceof JinjaRefusal
      ? `it refuses an ordinary conversation (${quoted(error.message)})`
      : error.message;
    throw new RecipeError(
      `Cannot derive a template from the tokenizer's chat template: ${why}; name one with template`,
    );
  }
}
