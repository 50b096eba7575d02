import config from "../../../deno.json" with { type: "json" };
import { RecipeError } from "../../errors.ts";
import { tryOut } from "../../trial/mod.ts";
import type { Marks } from "./derive/writers.ts";
import { deriveTemplate } from "./derive_template.ts";

interface Subject extends Marks {
  readonly source: string;
}

const SUBJECT = {
  trial: "chat template",
  engine: "the Jinja interpreter",
  version: `${config.imports["@huggingface/jinja"]} 1`, // the second number counts changes of the derivation
};

/**
 * Derives a template in a process of its own, whose time and memory are limited: a chat template is a program, and may never
 * end. Throws `RecipeError` for such a one; afterwards, deriving it here ends too, as it depends on nothing else.
 */
export async function tryChatTemplate(source: string, { bos, eos, specialTexts }: Marks): Promise<void> {
  const subject: Subject = { source, bos, eos, specialTexts };
  const why = await tryOut(SUBJECT, subject);
  if (why === undefined) return;
  throw new RecipeError(
    `Cannot derive a template from the tokenizer's chat template: ${why}; name one with template`,
  );
}

/** The trial itself. What is refused in words is refused here as where it is used. */
export function trial({ source, ...marks }: Subject): Promise<undefined> {
  try {
    deriveTemplate(source, marks);
  } catch (error) {
    if (!(error instanceof RecipeError)) throw error;
  }
  return Promise.resolve(undefined);
}
