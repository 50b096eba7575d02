import assert from "node:assert/strict";
import { BOS, CONTENT, EOS } from "../../../templates/mod.ts";
import { RecipeError } from "../../errors.ts";
import { Tokenizer } from "../../tokenizer/mod.ts";
import { deriveTemplate } from "./derive_template.ts";
import { renderJinja } from "./jinja.ts";
import { render } from "./render.ts";
import { encodeTurns, joined } from "./turns.ts";

const root = new URL("../../../tests/", import.meta.url).pathname;
const tokenizer = await Tokenizer.load(`${root}fixtures/tokenizer`);
const { jinja } = JSON.parse(Deno.readTextFileSync(`${root}parity/fixtures/templates.json`));

/** Text of a conversation as the derived template writes it. */
async function written(source: string, system: string | undefined, ...contents: string[]): Promise<string> {
  const messages = contents.map((content, i) => ({
    role: i % 2 === 0 ? "user" as const : "assistant" as const,
    content,
  }));
  const turns = await encodeTurns(tokenizer, [
    render(deriveTemplate(source, tokenizer), tokenizer, { system, messages }),
  ]);
  return await tokenizer.decode(joined(turns[0].flatMap(({ source, answer }) => [source, answer])));
}

function expected(source: string, system: string | undefined, ...contents: string[]): string {
  const messages = contents.map((content, i) => ({ role: i % 2 === 0 ? "user" : "assistant", content }));
  return renderJinja(source, [...(system === undefined ? [] : [{ role: "system", content: system }]), ...messages], {
    bos: tokenizer.bos!.text,
    eos: tokenizer.eos!.text,
  });
}

const loop = (body: string, before = "", after = "") => `${before}{% for m in messages %}${body}{% endfor %}${after}`;
const headed = "{{ '<|start_header_id|>' + m.role + '<|end_header_id|>\\n\\n' + m.content + '<|eot_id|>' }}";
const header = "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}";

/** Templates with a default system prompt, with something constant where there is none, with a thought before the last answer. */
const SOURCES: Record<string, string> = {
  ...jinja,
  "llama 3": loop(headed, "{{ bos_token }}", header),
  "a default system prompt": loop(
    headed,
    "{{ bos_token }}{% if messages[0].role != 'system' %}" +
      "{{ '<|start_header_id|>system<|end_header_id|>\\n\\nBe kind.<|eot_id|>' }}{% endif %}",
    header,
  ),
  "a date before the system prompt": loop(
    `{% if m.role != 'system' %}${headed}{% endif %}`,
    "{{ bos_token + '<|start_header_id|>system<|end_header_id|>\\n\\nToday: ' + strftime_now('%d') + '\\n\\n' }}" +
      "{% if messages[0].role == 'system' %}{{ messages[0].content }}{% endif %}{{ '<|eot_id|>' }}",
    header,
  ),
  "no system prompts": loop(
    "{% if m.role == 'system' %}{{ raise_exception('none') }}{% endif %}" + headed,
    "{{ bos_token }}",
    header,
  ),
  "EOS behind everything": loop(
    headed,
    "",
    `{% if add_generation_prompt %}${header}{% else %}{{ eos_token }}{% endif %}`,
  ),
};

for (const [name, source] of Object.entries(SOURCES)) {
  Deno.test(`deriveTemplate() writes as the Jinja it came from: ${name}`, async () => {
    const trim = (text: string) => name === "EOS behind everything" ? text.replace(/<\|endoftext\|>$/, "") : text;
    assert.equal(await written(source, undefined, "Hi", "Hello"), trim(expected(source, undefined, "Hi", "Hello")));
    assert.equal(
      await written(source, undefined, "a", "b", "c", "d"),
      trim(expected(source, undefined, "a", "b", "c", "d")),
    );
    if (name === "no system prompts" || name === "mistral") return;
    assert.equal(await written(source, "Be brief.", "Hi", "Yo"), trim(expected(source, "Be brief.", "Hi", "Yo")));
  });
}

Deno.test("deriveTemplate() makes BOS and EOS slots of their own", () => {
  const template = deriveTemplate(jinja.llama2, tokenizer);
  assert.deepEqual(template.user, [BOS, `[INST] ${CONTENT} [/INST]`]);
  assert.deepEqual(template.assistant, [` ${CONTENT} `, EOS]);
  assert.equal(template.systemInUser, true);
});

Deno.test("deriveTemplate() puts a system prompt before the question where the model knows none", () => {
  const template = deriveTemplate(SOURCES["no system prompts"], tokenizer);
  assert.deepEqual([template.systemInUser, template.system], [true, [`${CONTENT}\n\n`]]);
});

Deno.test("deriveTemplate() stops at the token that ends answers", () => {
  assert.deepEqual(deriveTemplate(SOURCES["llama 3"], tokenizer).stopWords, ["<|eot_id|>"]);
});

Deno.test("deriveTemplate() takes a thought before the last answer for reasoning", () => {
  const source = "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' }}" +
    "{% if m.role == 'assistant' and loop.last %}{{ '<think>\\n\\n</think>\\n\\n' }}{% endif %}{{ m.content + '<|im_end|>\\n' }}" +
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
  const template = deriveTemplate(source, tokenizer);
  assert.equal(template.reasoning, true);
  assert.deepEqual(template.thoughtWords, ["<think>\n", "\n</think>\n\n"]);
  assert.deepEqual(template.assistant, [`${CONTENT}<|im_end|>\n`]);
});

Deno.test("deriveTemplate() asks for a name where it cannot follow", () => {
  const source = loop("{% if m.role == 'user' %}{{ m.content }}{% endif %}");
  assert.throws(
    () => deriveTemplate(source, tokenizer),
    new RecipeError(
      "Cannot derive a template from the tokenizer's chat template: it leaves out a message; name one with template",
    ),
  );
});
