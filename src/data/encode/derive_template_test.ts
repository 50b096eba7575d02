import assert from "node:assert/strict";
import { BEYOND, type Style, STYLES } from "../../../tests/support/chat_templates.ts";
import { CHATS, prompted, readConversation, VARIANTS } from "../../../tests/support/chats.ts";
import { BOS, CONTENT, EOS } from "../../../templates/mod.ts";
import { RecipeError } from "../../errors.ts";
import { Tokenizer } from "../../tokenizer/mod.ts";
import { type Probe, PROBES } from "./derive/probes.ts";
import { ours, theirs } from "./derive/writers.ts";
import { encodeConversations } from "./conversation.ts";
import { deriveTemplate } from "./derive_template.ts";
import { chatTemplateOf } from "./jinja.ts";

const root = new URL("../../../tests/", import.meta.url).pathname;
const tokenizer = await Tokenizer.load(`${root}fixtures/tokenizer`);
const { jinja } = JSON.parse(Deno.readTextFileSync(`${root}parity/fixtures/templates.json`));

/** Every probe but those with tools. */
const { tools: _1, call: _2, result: _3, results: _4, textAndCall: _5, space, ...kinds } = PROBES;
const PLAIN: Probe[] = [...Object.values(kinds), space.system, space.user, space.assistant].flat();

/** The kinds of which a note says that they are written in another way. */
function kindsOf(notes: string[]): string[] {
  return notes.flatMap((note) => [...note.matchAll(/with ([a-z ,]+?)(?: it writes|$)/g)].map((match) => match[1]));
}

/** Written out for the families whose Jinja is not at hand elsewhere. */
const FAMILIES: Record<string, Style> = Object.fromEntries(
  Object.entries<string>(jinja).map(([name, source]) => [name, {
    source,
    differs: name === "mistral" ? ["a system prompt and an answer"] : [],
  }]),
);

for (const [name, { source, differs = [], notes = [] }] of Object.entries({ ...STYLES, ...FAMILIES })) {
  Deno.test(`deriveTemplate() writes as a chat template does, or says where not: ${name}`, () => {
    const said: string[] = [];
    const template = deriveTemplate(source, tokenizer, (note) => said.push(note));
    assert.deepEqual(kindsOf(said), differs);
    assert.deepEqual(said.slice(differs.length === 0 ? 0 : 1), notes);
    const [write, own] = [theirs(source, tokenizer), ours(template, tokenizer)];
    for (const { conversation, prompt } of PLAIN) {
      if (conversation.system !== undefined && notes[0]?.includes("no system prompt")) continue;
      const text = write(conversation, prompt).replace(/<\|endoftext\|>$/, "");
      const mine = own(conversation, prompt).replace(/<\|endoftext\|>$/, "");
      if (differs.length === 0) assert.equal(mine, text);
    }
  });
}

for (const [name, { source, reason }] of Object.entries(BEYOND)) {
  Deno.test(`deriveTemplate() says why it cannot follow: ${name}`, () => {
    const message = `Cannot derive a template from the tokenizer's chat template: ${reason}; name one with template`;
    assert.throws(() => deriveTemplate(source, tokenizer), new RecipeError(message));
  });
}

for (const [name, template] of Object.entries(VARIANTS)) {
  if (template.enableThinking === false) continue; // the settings say whether a model thinks
  Deno.test(`deriveTemplate() finds in a written chat template what it was written from: ${name}`, () => {
    const source = chatTemplateOf(template, tokenizer, true);
    const [mine, derived] = [template, deriveTemplate(source, tokenizer)].map((t) => ours(t, tokenizer));
    for (const [kind, chat] of Object.entries(CHATS)) {
      for (const each of [chat, prompted(chat)]) {
        const conversation = readConversation(chat);
        const asked = { ...conversation, messages: conversation.messages.slice(0, each.messages.length) };
        assert.equal(derived(asked, each !== chat), mine(asked, each !== chat), kind);
      }
    }
  });
}

Deno.test("deriveTemplate() makes BOS and EOS slots of their own", () => {
  const template = deriveTemplate(jinja.llama2, tokenizer);
  assert.deepEqual(template.user, [BOS, `[INST] ${CONTENT} [/INST]`]);
  assert.deepEqual(template.assistant, [` ${CONTENT} `, EOS]);
  assert.equal(template.systemInUser, "first");
});

Deno.test("deriveTemplate() stops at the token that ends answers", () => {
  assert.deepEqual(deriveTemplate(STYLES.turns.source, tokenizer).stopWords, ["<|im_end|>"]);
});

Deno.test("deriveTemplate() notes a few differences with both texts, and further ones by name", () => {
  const notes: string[] = [];
  const odd = "{% set c = m.content %}{% if c != c.strip() or c == '' %}{% set c = '?' %}{% endif %}";
  deriveTemplate(
    `{% for m in messages %}${odd}{{ '<|im_start|>' + m.role + '\\n' + c + '<|im_end|>\\n' }}{% endfor %}` +
      "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
    tokenizer,
    (note) => notes.push(note),
  );
  assert.deepEqual(notes, [
    "the tokenizer's chat template writes some conversations in another way than ftx can follow: " +
    'with white space around a system prompt it writes "…m_start|>system\\n?<|im_end|>\\n<|im_start|>user\\nXqu…", ' +
    'and ftx "…m_start|>system\\n \\n Xsystem \\n <|im_end|>\\n<|im_sta…"; ' +
    'with white space around a question it writes "…|im_start|>user\\n?<|im_end|>\\n<|im_start|>assistan…", ' +
    'and ftx "…|im_start|>user\\n \\n Xquestionone \\n <|im_end|>\\n<|i…"; ' +
    'with white space around an answer it writes "…tart|>assistant\\n?<|im_end|>\\n", ' +
    'and ftx "…tart|>assistant\\n \\n Xanswerone \\n <|im_end|>\\n"; ' +
    "and with line breaks around an answer, an empty answer",
  ]);
});

Deno.test("a derived template refuses tools where its chat template has a way of its own to write them", async () => {
  const template = deriveTemplate(STYLES.turns.source, tokenizer);
  const row = readConversation(CHATS["a call"]);
  const [made] = await encodeConversations([row], template, tokenizer, { cutoffLen: 9999 });
  assert.deepEqual(made, {
    dropped: "it has tools, which the tokenizer's chat template writes in a way that cannot be followed: " +
      "name the way with tool_format or template",
  });
});
