import assert from "node:assert/strict";
import { CONTENT, TEMPLATES } from "../../../templates/mod.ts";
import { Tokenizer } from "../../tokenizer/mod.ts";
import { chooseTemplate } from "./choose_template.ts";
import { encodePrompt, stopIds } from "./turns.ts";

const folder = new URL("../../../tests/fixtures/tokenizer", import.meta.url).pathname;

Deno.test("chooseTemplate() finds a template by name and lets it end answers with its own token", async () => {
  const tokenizer = await Tokenizer.load(folder);
  const llama3 = chooseTemplate({ template: "llama3" }, tokenizer);
  assert.deepEqual([llama3, tokenizer.eos?.text, tokenizer.pad?.text], [TEMPLATES.llama3, "<|eot_id|>", "<|eot_id|>"]);
  assert.deepEqual(stopIds(llama3, tokenizer), [tokenizer.idOf("<|eot_id|>")]); // this tokenizer has no <|eom_id|>
});

Deno.test("chooseTemplate() says which name was probably meant", async () => {
  const tokenizer = await Tokenizer.load(folder);
  const message = `Cannot use template = "lama3": choose one of ${
    Object.keys(TEMPLATES).join(", ")
  }; did you mean "llama3"?`;
  assert.throws(() => chooseTemplate({ template: "lama3" }, tokenizer), { name: "RecipeError", message });
});

Deno.test("chooseTemplate() derives a template where none is named", async () => {
  const tokenizer = await Tokenizer.load(folder);
  const own = chooseTemplate({}, tokenizer);
  assert.deepEqual(own.user, [`<|im_start|>user\n${CONTENT}<|im_end|>\n<|im_start|>assistant\n`]);
  assert.deepEqual(stopIds(own, tokenizer), [tokenizer.idOf("<|endoftext|>"), tokenizer.idOf("<|im_end|>")]);
});

/** The fixture without its chat template. */
const bare = async () => Object.assign(await Tokenizer.load(folder), { chatTemplate: undefined });

Deno.test("chooseTemplate() warns where there is no template at all, except where none is used", async () => {
  const warnings: string[] = [];
  const tokenizer = await bare();
  const onWarning = (sentence: string) => warnings.push(sentence);
  assert.equal(chooseTemplate({}, tokenizer, { onWarning }).name, "empty");
  assert.match(warnings[0], /^the tokenizer has no chat template .* name one with template$/);
  assert.equal(chooseTemplate({}, tokenizer, { usesTemplate: false, onWarning }).name, "empty");
  assert.equal(warnings.length, 1);
});

Deno.test("chooseTemplate() takes the model's usual template where neither the recipe nor the tokenizer says one", async () => {
  const usual = { usualTemplate: "qwen" };
  assert.equal(chooseTemplate(usual, await bare()).name, "qwen");
  assert.equal(chooseTemplate({ ...usual, template: "alpaca" }, await bare()).name, "alpaca");
  assert.notEqual(chooseTemplate(usual, await Tokenizer.load(folder)).name, "qwen");
  const lack = Object.assign(await lacking("<|im_end|>"), { chatTemplate: undefined });
  assert.equal(chooseTemplate(usual, lack).name, "empty"); // a template nobody asked for is no reason to fail
});

Deno.test("chooseTemplate() keeps the tokenizer's own EOS where no template is used", async () => {
  const tokenizer = await Tokenizer.load(folder);
  chooseTemplate({ template: "llama3" }, tokenizer, { usesTemplate: false });
  assert.equal(tokenizer.eos?.text, "<|endoftext|>");
});

/** The fixture as if it lacked some tokens. */
async function lacking(...tokens: string[]): Promise<Tokenizer> {
  const tokenizer = await Tokenizer.load(folder);
  const idOf = tokenizer.idOf.bind(tokenizer);
  tokenizer.idOf = (token) => tokens.includes(token) && !tokenizer.added.includes(token) ? undefined : idOf(token);
  return tokenizer;
}

Deno.test("chooseTemplate() refuses a tokenizer that lacks the template's tokens", async () => {
  const lack = await lacking("<|im_end|>");
  assert.throws(() => chooseTemplate({ template: "chatml" }, lack), {
    name: "RecipeError",
    message:
      'Cannot use template = "chatml": the tokenizer has no token "<|im_end|>"; choose the model\'s own template, ' +
      "or add the tokens with resize_vocab = true",
  });
});

Deno.test("chooseTemplate() adds the template's tokens with resizeVocab", async () => {
  const path = await Deno.makeTempDir();
  try {
    const json = JSON.parse(await Deno.readTextFile(`${folder}/tokenizer.json`));
    json.added_tokens = json.added_tokens.filter((token: any) => token.content !== "<|im_end|>");
    await Deno.writeTextFile(`${path}/tokenizer.json`, JSON.stringify(json));
    const tokenizer = await Tokenizer.load(path);
    chooseTemplate({ template: "chatml", resizeVocab: true }, tokenizer);
    assert.deepEqual([tokenizer.added, tokenizer.eos?.text], [["<|im_end|>"], "<|im_end|>"]);
    const none = await Tokenizer.load(path);
    assert.throws(() => chooseTemplate({ template: "vicuna" }, Object.assign(none, { special: () => undefined })), {
      name: "RecipeError",
      message:
        "Cannot use the tokenizer: it names no eos_token; add one to tokenizer_config.json, or set resize_vocab = true",
    });
  } finally {
    await Deno.remove(path, { recursive: true });
  }
});

Deno.test("chooseTemplate() takes the recipe's word for system prompt, thinking and tools", async () => {
  const recipe = {
    template: "qwen3",
    defaultSystem: "s",
    enableThinking: false,
    preserveThinking: true,
    toolFormat: "llama3",
  };
  const chosen = chooseTemplate(recipe, await Tokenizer.load(folder));
  const { defaultSystem, enableThinking, preserveThinking, toolFormat } = chosen;
  assert.deepEqual({ template: "qwen3", defaultSystem, enableThinking, preserveThinking, toolFormat }, recipe);
  assert.throws(
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
