// Chat templates that never end or swell: each is refused in a sentence, within limits.

import assert from "node:assert/strict";
import { tryChatTemplate } from "../../src/data/encode/jinja_trial.ts";
import { RecipeError } from "../../src/errors.ts";

const doubled = (start: string, twice: string, use: string) =>
  `{% set n = namespace(x=${start}) %}{% for i in range(60) %}{% set n.x = ${twice} %}{% endfor %}{{ ${use} }}`;

const ENDLESS: Record<string, string> = {
  "a list of itself, written out": doubled("[1]", "[n.x, n.x]", "n.x | tojson"),
  "white space": "{{ 'a' }}" + " ".repeat(900000) + "x",
};

const marks = { bos: undefined, eos: { id: 1, text: "</s>" }, specialTexts: ["</s>"] };

for (const [name, source] of Object.entries(ENDLESS)) {
  Deno.test(`a chat template that does not end is refused: ${name}`, async () => {
    await assert.rejects(
      tryChatTemplate(source, marks),
      new RecipeError(
        "Cannot derive a template from the tokenizer's chat template: it keeps the Jinja interpreter busy for more " +
          "than 2 s; name one with template",
      ),
    );
  });
}

Deno.test("a chat template that takes all memory is refused", async () => {
  const wide = doubled("range(100)", "n.x + n.x", "n.x | length");
  await assert.rejects(
    tryChatTemplate(wide, marks),
    /^RecipeError: Cannot derive a template from the tokenizer's chat template: it .*(busy for|memory|too long).*; name one with template$/,
  );
});

Deno.test("a chat template that refuses in words is tried no further", async () => {
  await tryChatTemplate("{{ raise_exception('no') }}", marks);
  await tryChatTemplate("{% for", marks);
});
