import assert from "node:assert/strict";
import { TEMPLATES } from "../../../templates/mod.ts";
import { Tokenizer } from "../../tokenizer/mod.ts";
import { chooseTemplate, type TemplateChoice } from "./choose_template.ts";
import { chatTemplateOf } from "./jinja.ts";
import { readWritten, teach, writeChatTemplate } from "./written.ts";

const load = () => Tokenizer.load(new URL("../../../tests/fixtures/tokenizer", import.meta.url).pathname);

/** A tokenizer whose model learned with these settings. */
async function taught(settings: TemplateChoice, lastOnly = false) {
  const tokenizer = await load(), template = await chooseTemplate(settings, tokenizer);
  teach(template, tokenizer, lastOnly);
  return { tokenizer, template };
}

for (const name of Object.keys(TEMPLATES)) {
  Deno.test(`a model that was trained with the template ${name} is used with it, with nothing said`, async () => {
    for (const settings of [{}, { defaultSystem: "Be brief. #} {{ x }}", enableThinking: null, toolFormat: "qwen" }]) {
      const { tokenizer, template } = await taught({ template: name, resizeVocab: true, ...settings });
      const onWarning = (sentence: string) => assert.fail(sentence);
      assert.deepEqual(await chooseTemplate({ resizeVocab: true }, tokenizer, { onWarning }), template);
      const text = tokenizer.chatTemplate!;
      assert.equal(text.slice(text.indexOf("#}") + 2), chatTemplateOf(template, tokenizer));
    }
  });
}

Deno.test("settings that are given win over those of the training, and another template is told", async () => {
  const { tokenizer } = await taught({ template: "qwen3", enableThinking: false, defaultSystem: "Be brief." }, true);
  assert.deepEqual(readWritten(tokenizer.chatTemplate!), {
    ...{ template: "qwen3", defaultSystem: "Be brief.", enableThinking: false, lastOnly: true },
  });
  const said: string[] = [], onWarning = (sentence: string) => said.push(sentence);
  const chosen = await chooseTemplate({ template: "qwen3", enableThinking: null }, tokenizer, { onWarning });
  assert.deepEqual([chosen.enableThinking, chosen.defaultSystem, said], [null, "Be brief.", []]);
  assert.deepEqual(await chooseTemplate({ template: "chatml" }, tokenizer, { onWarning }), TEMPLATES.chatml);
  assert.deepEqual(said, ["template = chatml is used, but the model was trained with template = qwen3"]);
});

Deno.test("a chat template that was changed since, or that another program wrote, is read as Jinja", async () => {
  const { tokenizer, template } = await taught({ template: "chatml" });
  const text = writeChatTemplate(template, tokenizer);
  assert.equal(readWritten(text)?.template, "chatml");
  const changed = text.replaceAll("im_end", "endoftext");
  const others = ["", "{# ftx: {} #}x", "{# ftx: {x} #}x", text.replace("chatml", "constructor"), ` ${text}`];
  for (const other of [changed, ...others]) assert.equal(readWritten(other), undefined, other.slice(0, 60));
  tokenizer.chatTemplate = changed;
  assert.match((await chooseTemplate({}, tokenizer)).name, /own/);
});

Deno.test("teach() keeps a chat template that the template was derived from, and learns its end", async () => {
  const { tokenizer } = await taught({});
  assert.equal(tokenizer.chatTemplate, (await load()).chatTemplate);
  assert.deepEqual([tokenizer.eos?.text, tokenizer.pad?.text], ["<|im_end|>", "<|endoftext|>"]);
  const other = await load(), role = other.chatTemplate!.replace("<|im_end|>", "{{ eos_token }}");
  other.chatTemplate = role;
  teach(await chooseTemplate({}, other), other);
  assert.deepEqual([other.chatTemplate, other.eos?.text], [role, "<|endoftext|>"]);
});
