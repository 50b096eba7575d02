// Chat templates with changed texts, derived as ftx derives them.

import { deriveTemplate } from "../../../src/data/encode/derive_template.ts";
import { trial } from "../../../src/data/encode/jinja_trial.ts";
import { toJinja } from "../../../templates/mod.ts";
import { BEYOND, STYLES } from "../../support/chat_templates.ts";
import { VARIANTS } from "../../support/chats.ts";
import { Choices } from "../../support/random.ts";
import { serve } from "./serve.ts";

const MARKS = {
  bos: { id: 0, text: "<s>" },
  eos: { id: 1, text: "</s>" },
  specialTexts: ["<|im_start|>", "<|im_end|>", "</s>", "<s>"],
};
const BASES = [
  ...Object.values(VARIANTS).map((template) => toJinja(template, { bos: "<s>", eos: "</s>" })),
  ...[...Object.values(STYLES), ...Object.values(BEYOND)].map(({ source }) => source),
].filter((source) => source.length < 10_000);

/** Pieces of Jinja: tags, expressions, operators, names, literals, and what makes programs long. */
const PIECES = [
  ..."{% %} {{ }} {%- -%} {# #} ( ) [ ] { } | ~ + - * / ** == != < in not and or is if else for set macro call".split(
    " ",
  ),
  ..."loop.index0 messages m m.content content tools true none namespace(x=1) range(9) range(-1) range(99999999)".split(
    " ",
  ),
  ..."'a' '' \"\" 0 1 -1 9e9 99999999999999999999 [] {} () 'a'*9 '<think>' '</think>'".split(" "),
  "{% endfor %}",
  "{% endif %}",
  "{% endmacro %}",
  "{% for a in range(3000) %}",
  "{% for m in messages %}",
  "{% if loop.first %}",
  "{% set n = namespace(x='ab') %}",
  "{% for i in range(40) %}{% set n.x = n.x + n.x %}{% endfor %}{{ n.x }}",
  "{% set n = namespace(x=[1]) %}{% for i in range(40) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x | tojson }}",
  "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
  "{{ raise_exception('no') }}",
  "{{ m.content | trim }}",
  "{{ m.content.split('a')[9] }}",
  "{{ m.content.replace('', 'aaaaaaaaaa') }}",
  "{{ messages | tojson(indent=4) }}",
  "{{ messages[1:] }}",
  "{{ messages[-1]['content'] }}",
  "{{ x.y.z }}",
  "{{ m.__class__.constructor }}",
  "{{ m.constructor }}",
  "{{ m.toString() }}",
  "{% generation %}",
  "{% break %}",
  "\0",
  "\ud800",
  "\u{1F600}",
  "\\",
  "\n",
  " ".repeat(2000),
];

/** One to four changes: a piece put in or in place of another, a part removed, repeated, moved, or of another template. */
function mutant(choices: Choices): string {
  let text = choices.of(BASES);
  for (let n = 1 + choices.below(choices.of([1, 1, 4])); n > 0; n--) {
    const [at, length] = [choices.below(text.length + 1), choices.below(choices.of([2, 4, 40, 400]))];
    const [before, part, after] = [text.slice(0, at), text.slice(at, at + length), text.slice(at + length)];
    const kind = choices.random();
    if (kind < 0.3) text = before + choices.of(PIECES) + part + after;
    else if (kind < 0.5) text = before + choices.of(PIECES) + after;
    else if (kind < 0.6) text = before + after;
    else if (kind < 0.7) text = before + part.repeat(1 + choices.below(30)) + after;
    else if (kind < 0.8) text = after + before + part;
    else if (kind < 0.9) text = before + String.fromCharCode(choices.below(128)) + part.slice(1) + after;
    else {
      const other = choices.of(BASES), from = choices.below(other.length);
      text = before + other.slice(from, from + length) + after;
    }
  }
  return text;
}

await serve(async (seed, say) => {
  const source = mutant(new Choices(seed));
  say("trial");
  await trial({ source, ...MARKS });
  say("use");
  const notes: string[] = [];
  deriveTemplate(source, MARKS, (note) => notes.push(note));
  const long = notes.find((note) => note.length > 1500);
  if (long !== undefined) throw new Error(`a note of ${long.length} characters`);
  return notes.length === 0 ? "used" : "used with notes";
});
