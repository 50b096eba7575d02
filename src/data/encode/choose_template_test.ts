import assert from "node:assert/strict";
import { CONTENT, TEMPLATES } from "../../../templates/mod.ts";
import { STYLES } from "../../../tests/support/chat_templates.ts";
import { Tokenizer } from "../../tokenizer/mod.ts";
import { chooseTemplate } from "./choose_template.ts";
import { chatTemplateOf, renderJinja } from "./jinja.ts";
import { encodePrompt, stopIds } from "./turns.ts";

const folder = new URL("../../../tests/fixtures/tokenizer", import.meta.url).pathname;

Deno.test("await chooseTemplate() finds a template by name and lets it end answers with its own token", async () => {
  const tokenizer = await Tokenizer.load(folder);
  const llama3 = await chooseTemplate({ template: "llama3" }, tokenizer);
  assert.deepEqual([llama3, tokenizer.eos?.text, tokenizer.pad?.text], [TEMPLATES.llama3, "<|eot_id|>", "<|eot_id|>"]);
  assert.deepEqual(stopIds(llama3, tokenizer), [tokenizer.idOf("<|eot_id|>")]); // this tokenizer has no <|eom_id|>
});

Deno.test("await chooseTemplate() says which name was probably meant", async () => {
  const tokenizer = await Tokenizer.load(folder);
  const message = `Cannot use template = "lama3": choose one of ${
    Object.keys(TEMPLATES).join(", ")
  }; did you mean "llama3"?`;
  await assert.rejects(() => chooseTemplate({ template: "lama3" }, tokenizer), { name: "RecipeError", message });
});

Deno.test("await chooseTemplate() derives a template where none is named", async () => {
  const tokenizer = await Tokenizer.load(folder);
  const own = await chooseTemplate({}, tokenizer);
  assert.deepEqual(own.user, [`<|im_start|>user\n${CONTENT}<|im_end|>\n<|im_start|>assistant\n`]);
  assert.deepEqual(stopIds(own, tokenizer), [tokenizer.idOf("<|endoftext|>"), tokenizer.idOf("<|im_end|>")]);
});

/** The fixture without its chat template. */
const bare = async () => Object.assign(await Tokenizer.load(folder), { chatTemplate: undefined });

Deno.test("await chooseTemplate() warns where there is no template at all, except where none is used", async () => {
  const warnings: string[] = [];
  const tokenizer = await bare();
  const onWarning = (sentence: string) => warnings.push(sentence);
  assert.equal((await chooseTemplate({}, tokenizer, { onWarning })).name, "empty");
  assert.match(warnings[0], /^the tokenizer has no chat template .* name one with template$/);
  assert.equal((await chooseTemplate({}, tokenizer, { usesTemplate: false, onWarning })).name, "empty");
  assert.equal(warnings.length, 1);
});

Deno.test("await chooseTemplate() takes the model's usual template where neither the recipe nor the tokenizer says one", async () => {
  const usual = { usualTemplate: "qwen" };
  assert.equal((await chooseTemplate(usual, await bare())).name, "qwen");
  assert.equal((await chooseTemplate({ ...usual, template: "alpaca" }, await bare())).name, "alpaca");
  assert.notEqual((await chooseTemplate(usual, await Tokenizer.load(folder))).name, "qwen");
  const lack = Object.assign(await lacking("<|im_end|>"), { chatTemplate: undefined });
  assert.equal((await chooseTemplate(usual, lack)).name, "empty"); // a template nobody asked for is no reason to fail
});

Deno.test("await chooseTemplate() keeps the tokenizer's own EOS where no template is used", async () => {
  const tokenizer = await Tokenizer.load(folder);
  await chooseTemplate({ template: "llama3" }, tokenizer, { usesTemplate: false });
  assert.equal(tokenizer.eos?.text, "<|endoftext|>");
});

/** The fixture as if it lacked some tokens. */
async function lacking(...tokens: string[]): Promise<Tokenizer> {
  const tokenizer = await Tokenizer.load(folder);
  const idOf = tokenizer.idOf.bind(tokenizer);
  tokenizer.idOf = (token) => tokens.includes(token) && !tokenizer.added.includes(token) ? undefined : idOf(token);
  return tokenizer;
}

Deno.test("await chooseTemplate() refuses a tokenizer that lacks the template's tokens", async () => {
  const lack = await lacking("<|im_end|>");
  await assert.rejects(() => chooseTemplate({ template: "chatml" }, lack), {
    name: "RecipeError",
    message:
      'Cannot use template = "chatml": the tokenizer has no token "<|im_end|>"; choose the model\'s own template, ' +
      "or add the tokens with resize_vocab = true",
  });
});

Deno.test("await chooseTemplate() adds the template's tokens with resizeVocab", async () => {
  const path = await Deno.makeTempDir();
  try {
    const json = JSON.parse(await Deno.readTextFile(`${folder}/tokenizer.json`));
    json.added_tokens = json.added_tokens.filter((token: any) => token.content !== "<|im_end|>");
    await Deno.writeTextFile(`${path}/tokenizer.json`, JSON.stringify(json));
    const tokenizer = await Tokenizer.load(path);
    await chooseTemplate({ template: "chatml", resizeVocab: true }, tokenizer);
    assert.deepEqual([tokenizer.added, tokenizer.eos?.text], [["<|im_end|>"], "<|im_end|>"]);
    const none = await Tokenizer.load(path);
    await assert.rejects(
      () => chooseTemplate({ template: "vicuna" }, Object.assign(none, { special: () => undefined })),
      {
        name: "RecipeError",
        message:
          "Cannot use the tokenizer: it names no eos_token; add one to tokenizer_config.json, or set resize_vocab = true",
      },
    );
  } finally {
    await Deno.remove(path, { recursive: true });
  }
});

Deno.test("await chooseTemplate() takes the recipe's word for system prompt, thinking and tools", async () => {
  const recipe = {
    template: "qwen3",
    defaultSystem: "s",
    enableThinking: false,
    preserveThinking: true,
    toolFormat: "llama3",
  };
  const chosen = await chooseTemplate(recipe, await Tokenizer.load(folder));
  const { defaultSystem, enableThinking, preserveThinking, toolFormat } = chosen;
  assert.deepEqual({ template: "qwen3", defaultSystem, enableThinking, preserveThinking, toolFormat }, recipe);
  await assert.rejects(
    () => chooseTemplate({ template: "qwen3", toolFormat: "qwem" }, new Proxy({} as Tokenizer, { get: () => () => 1 })),
    {
      message: 'Cannot use tool_format = "qwem": choose one of default, qwen, llama3, mistral; did you mean "qwen"?',
    },
  );
});

Deno.test("encodePrompt() writes a conversation up to the header of the next answer", async () => {
  const tokenizer = await Tokenizer.load(folder);
  const ids = await encodePrompt(TEMPLATES.llama2, tokenizer, {
    system: "s",
    messages: [{ role: "user", content: "a" }, { role: "assistant", content: "b" }, { role: "user", content: "c" }],
  });
  const [bos, eos] = ["<|begin_of_text|>", "<|endoftext|>"];
  assert.equal(
    await tokenizer.decode(ids),
    `${bos}[INST] <<SYS>>\ns\n<</SYS>>\n\na [/INST]b${eos}${bos}[INST] c [/INST]`,
  );
});

Deno.test("a derived template keeps its chat template, unless a setting changes what is written", async () => {
  const tokenizer = await Tokenizer.load(folder);
  const source = tokenizer.chatTemplate!;
  const unchanged = await chooseTemplate({ enableThinking: true, preserveThinking: false }, tokenizer);
  assert.equal(chatTemplateOf(unchanged, tokenizer), source);
  const changed = await chooseTemplate({ defaultSystem: "Be kind." }, tokenizer);
  const written = renderJinja(chatTemplateOf(changed, tokenizer), [{ role: "user", content: "a" }]);
  assert.equal(written, "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\na<|im_end|>\n");
});

Deno.test("chooseTemplate() tells how a derived template differs from its chat template", async () => {
  const notes: string[] = [];
  const tokenizer = Object.assign(await Tokenizer.load(folder), { chatTemplate: STYLES["the day"].source });
  await chooseTemplate({}, tokenizer, { onWarning: (note) => notes.push(note) });
  assert.deepEqual(notes, STYLES["the day"].notes);
});
