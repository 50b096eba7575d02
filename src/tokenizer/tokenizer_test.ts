import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CheckpointError } from "../errors.ts";
import { Tokenizer } from "./mod.ts";

const fixture = new URL("../../tests/fixtures/tokenizer", import.meta.url).pathname;

/** A copy of the fixture with some files replaced. */
async function inFolder(files: Record<string, string | null>, use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "ftx-tokenizer-"));
  try {
    cpSync(fixture, folder, { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      if (text === null) rmSync(join(folder, name));
      else writeFileSync(join(folder, name), text);
    }
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const json = () => JSON.parse(readFileSync(join(fixture, "tokenizer.json"), "utf8"));

Deno.test("Tokenizer encodes and decodes, and adds no tokens of its own", async () => {
  const tokenizer = await Tokenizer.load(fixture);
  const ids = await tokenizer.encode("How do I list all images?");
  assert.equal(await tokenizer.decode(ids), "How do I list all images?");
  assert.ok(!ids.includes(tokenizer.bos!.id));
  const [first, second] = await tokenizer.encodeBatch(["How do I list all images?", ""]);
  assert.deepEqual([Array.from(first), second.length], [ids, 0]);
});

Deno.test("Tokenizer knows its special tokens", async () => {
  const tokenizer = await Tokenizer.load(fixture);
  assert.deepEqual(tokenizer.bos, { id: tokenizer.idOf("<|begin_of_text|>"), text: "<|begin_of_text|>" });
  assert.equal(tokenizer.eos?.text, "<|endoftext|>");
  assert.deepEqual([tokenizer.pad, tokenizer.addsBos], [undefined, false]);
  assert.equal(tokenizer.vocabSize, 350);
  const ids = await tokenizer.encode("a<|endoftext|>");
  assert.equal(ids.at(-1), tokenizer.eos?.id);
  assert.equal(await tokenizer.decode(ids, { skipSpecial: true }), "a");
});

Deno.test("Tokenizer reads special tokens as ordinary text where asked to", async () => {
  const tokenizer = await Tokenizer.load(fixture);
  const ids = await tokenizer.encode("a<|endoftext|>", { split: true });
  assert.ok(!ids.includes(tokenizer.eos!.id));
  assert.equal(await tokenizer.decode(ids), "a<|endoftext|>");
});

Deno.test("Tokenizer gives every other token the same id where special ones are ordinary text", async () => {
  const tokenizer = await Tokenizer.load(fixture, { addSpecialTokens: ["<|tool|>"], addTokens: ["docker"] });
  const ids = await tokenizer.encode("<think>docker<|tool|><s>", { split: true });
  assert.deepEqual(ids.slice(0, 2), await tokenizer.encode("<think>docker"));
  assert.ok(ids.slice(2).every((id) => id < 330));
  assert.equal(await tokenizer.decode(ids), "<think>docker<|tool|><s>");
});

const roles = ({ bos, eos, pad }: Tokenizer) => [bos, eos, pad].map((token) => token?.text);

/** The files beside tokenizer.json, and the tokens of bos, eos and pad. `roles_test.ts` compares more with transformers. */
const ROLES: [name: string, files: Record<string, unknown>, roles: (string | undefined)[]][] = [
  [
    "special_tokens_map.json before an older tokenizer_config.json",
    {
      "tokenizer_config.json": { eos_token: { content: "</s>" }, bos_token: "<s>" },
      "special_tokens_map.json": { eos_token: "<eos>", pad_token: { content: "<|end|>" } },
    },
    ["<s>", "<eos>", "<|end|>"],
  ],
  [
    "a tokenizer_config.json that declares tokens before special_tokens_map.json",
    {
      "tokenizer_config.json": { eos_token: "</s>", added_tokens_decoder: {} },
      "special_tokens_map.json": { eos_token: "<eos>", pad_token: "<|end|>" },
    },
    [undefined, "</s>", "<|end|>"],
  ],
  [
    "the next file where one has an empty text or null",
    {
      "tokenizer_config.json": { bos_token: "", eos_token: { content: "" }, pad_token: null, added_tokens_decoder: {} },
      "special_tokens_map.json": { bos_token: "<s>", eos_token: "", pad_token: "<|end|>" },
      "config.json": { eos_token_id: [100_000, 339], pad_token_id: 340, bos_token_id: 341 },
    },
    ["<s>", "</s>", "<|end|>"],
  ],
  [
    "config.json's ids of EOS and pad where no file names them, and no BOS",
    { "tokenizer_config.json": {}, "config.json": { eos_token_id: 339, pad_token_id: 340, bos_token_id: 341 } },
    [undefined, "</s>", "<bos>"],
  ],
  ["no role where config.json is broken", { "tokenizer_config.json": {}, "config.json": [] }, [
    undefined,
    undefined,
    undefined,
  ]],
];

for (const [name, files, expected] of ROLES) {
  Deno.test(`Tokenizer takes ${name}`, async () => {
    const texts = Object.entries(files).map(([file, json]) => [file, JSON.stringify(json)]);
    await inFolder(Object.fromEntries(texts), async (folder) => {
      assert.deepEqual(roles(await Tokenizer.load(folder)), expected);
    });
  });
}

Deno.test("Tokenizer hides tokens that only tokenizer_config.json calls special", async () => {
  const config = { added_tokens_decoder: { "348": { content: "<think>", special: true } } };
  await inFolder({ "tokenizer_config.json": JSON.stringify(config) }, async (folder) => {
    const tokenizer = await Tokenizer.load(folder);
    assert.ok(tokenizer.specialTexts.includes("<think>"));
    assert.deepEqual(await tokenizer.encode("<think>"), [348]);
    const split = await tokenizer.encode("<think>", { split: true });
    assert.ok(split.length > 1 && split.every((id) => id < 330));
    assert.equal(await tokenizer.decode([348], { skipSpecial: true }), "");
  });
});

Deno.test("Tokenizer prefers chat_template.jinja, and takes the default of several templates", async () => {
  const config = { chat_template: [{ name: "tools", template: "t" }, { name: "default", template: "d" }] };
  await inFolder({ "tokenizer_config.json": JSON.stringify(config) }, async (folder) => {
    assert.equal((await Tokenizer.load(folder)).chatTemplate, "d");
    writeFileSync(join(folder, "chat_template.jinja"), "j");
    assert.equal((await Tokenizer.load(folder)).chatTemplate, "j");
  });
});

Deno.test("Tokenizer adds tokens and saves them", async () => {
  await inFolder({}, async (folder) => {
    const tokenizer = await Tokenizer.load(fixture, {
      addTokens: ["docker", "docker"],
      addSpecialTokens: ["<|tool|>"],
    });
    assert.deepEqual([tokenizer.vocabSize, tokenizer.added], [352, ["docker", "<|tool|>"]]);
    tokenizer.eos = tokenizer.special("<|im_end|>");
    tokenizer.save(folder);
    const again = await Tokenizer.load(folder);
    assert.deepEqual(await again.encode("docker<|tool|>"), [350, 351]);
    assert.deepEqual([again.eos?.text, again.chatTemplate], ["<|im_end|>", tokenizer.chatTemplate]);
  });
});

Deno.test("Tokenizer adds no token of which its normalizer leaves nothing", async () => {
  const changed = { ...json(), normalizer: { type: "StripAccents" } };
  await inFolder({ "tokenizer.json": JSON.stringify(changed) }, async (folder) => {
    await assert.rejects(
      Tokenizer.load(folder, { addTokens: ["\u0301"] }),
      new CheckpointError(
        'Cannot add the token "\u0301": the tokenizer\'s normalizer leaves nothing of it; choose another text',
      ),
    );
  });
});

Deno.test("Tokenizer lists added tokens in each file of transformers 4 that lists them", async () => {
  const special = {
    content: "<s>",
    lstrip: false,
    normalized: false,
    rstrip: false,
    single_word: false,
    special: true,
  };
  const config = { added_tokens_decoder: { "330": special }, additional_special_tokens: ["<s>"] };
  const files = {
    "tokenizer_config.json": JSON.stringify(config),
    "added_tokens.json": '{"<s>": 330}',
    "special_tokens_map.json": '{"additional_special_tokens": []}',
  };
  await inFolder(files, async (folder) => {
    const tokenizer = await Tokenizer.load(folder, { addTokens: ["docker"], addSpecialTokens: ["<|tool|>"] });
    tokenizer.save(folder);
    const read = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8"));
    const ids = [tokenizer.idOf("docker")!, tokenizer.idOf("<|tool|>")!];
    assert.deepEqual(tokenizer.vocabulary, { tokens: tokenizer.vocabSize, added: ids });
    const { added_tokens_decoder, additional_special_tokens } = read("tokenizer_config.json");
    assert.deepEqual(added_tokens_decoder, {
      "330": special,
      [ids[0]]: { ...special, content: "docker", normalized: true, special: false },
      [ids[1]]: { ...special, content: "<|tool|>" },
    });
    assert.deepEqual(additional_special_tokens, ["<s>", "<|tool|>"]);
    assert.deepEqual(read("special_tokens_map.json"), { additional_special_tokens: ["<|tool|>"] });
    assert.deepEqual(read("added_tokens.json"), { "<s>": 330, docker: ids[0], "<|tool|>": ids[1] });
    const again = await Tokenizer.load(folder);
    assert.deepEqual([again.vocabulary, await again.encode("docker<|tool|>")], [
      { tokens: tokenizer.vocabSize, added: [] },
      ids,
    ]);
  });
});

Deno.test("Tokenizer knows tokens that only tokenizer_config.json declares", async () => {
  const config = { added_tokens_decoder: { "350": { content: "<|tool|>", special: true }, "0": { content: "!" } } };
  await inFolder({ "tokenizer_config.json": JSON.stringify(config) }, async (folder) => {
    const tokenizer = await Tokenizer.load(folder);
    assert.deepEqual([tokenizer.idOf("<|tool|>"), tokenizer.vocabSize, tokenizer.added], [350, 351, []]);
    assert.ok(tokenizer.specialTexts.includes("<|tool|>"));
  });
});

/** Broken folders: what is in them, and what is said. */
const BROKEN: [name: string, files: Record<string, string | null>, sentence: RegExp][] = [
  [
    "no tokenizer.json",
    { "tokenizer.json": null },
    /the folder has no tokenizer.json; copy the model's tokenizer.json/,
  ],
  [
    "only tokenizer.model",
    { "tokenizer.json": null, "tokenizer.model": "x" },
    /has tokenizer.model but no tokenizer.json; download/,
  ],
  [
    "cut file",
    { "tokenizer.json": '{"model": {"ty' },
    /tokenizer.json": it is not JSON \(.*\); download the file again/,
  ],
  ["LFS pointer", { "tokenizer.json": "version https://git-lfs.github.com/spec/v1\n" }, /it is a Git LFS pointer/],
  ["a list", { "tokenizer.json": "[]" }, /it is not a JSON object/],
  ["no model", { "tokenizer.json": "{}" }, /it has no "model"/],
  [
    "unknown model",
    { "tokenizer.json": '{"model": {"type": "Magic", "vocab": {"a": 0}}}' },
    /model type "Magic" is unknown/,
  ],
  ["no vocabulary", { "tokenizer.json": '{"model": {"type": "BPE"}}' }, /its model has no vocabulary/],
  ["broken config", { "tokenizer_config.json": "{" }, /tokenizer_config.json": it is not JSON/],
];

for (const [name, files, sentence] of BROKEN) {
  Deno.test(`Tokenizer.load() refuses a folder with a sentence: ${name}`, () =>
    inFolder(files, (folder) =>
      assert.rejects(Tokenizer.load(folder), (error) => {
        assert.ok(error instanceof CheckpointError);
        assert.match(error.message, sentence);
        return true;
      })));
}

/** Broken tokenizer.json files: a change to a good one, and what is said. */
const CHANGED: [name: string, change: (json: any) => void, sentence: RegExp][] = [
  ["two tokens with one id", (j) => j.model.vocab["zzz"] = 5, /the tokens ".*" and "zzz" have the same id 5/],
  ["negative id", (j) => j.model.vocab["zzz"] = -1, /the token "zzz" has the id -1, which is not an integer/],
  ["huge id", (j) => j.model.vocab["zzz"] = 2 ** 30, /which is not an integer from 0 to 16777216/],
  ["added token without text", (j) => j.added_tokens[0].content = "", /an added token without text/],
  [
    "added token over another",
    (j) => j.added_tokens[0].id = 3,
    /the tokens ".*" and "<\|endoftext\|>" have the same id 3/,
  ],
  ["merge of three", (j) => j.model.merges[0] = ["a", "b", "c"], /merge 1 does not have exactly two pieces/],
  ["merge of unknowns", (j) => j.model.merges[1] = ["qqqq", "b"], /merge 2 names the piece "qqqq", which has no id/],
  ["unknown normalizer", (j) => j.normalizer = { type: "Magic" }, /the tokenizer library says/],
  ["deep nesting", (j) => {
    for (let i = 0; i < 40; i++) j.normalizer = { type: "Sequence", normalizers: [j.normalizer] };
  }, /nested more than 32 levels deep/],
];

for (const [name, change, sentence] of CHANGED) {
  Deno.test(`Tokenizer.load() refuses a tokenizer.json with a sentence: ${name}`, () => {
    const changed = json();
    change(changed);
    return inFolder(
      { "tokenizer.json": JSON.stringify(changed) },
      (folder) => assert.rejects(Tokenizer.load(folder), sentence),
    );
  });
}

Deno.test("Tokenizer saves another EOS, pad and chat template in each file that names them", async () => {
  const object = { content: "<|endoftext|>", lstrip: false };
  const specials = { eos_token: object, bos_token: "<|begin_of_text|>" };
  await inFolder({ "special_tokens_map.json": JSON.stringify(specials) }, async (folder) => {
    const before = JSON.parse(readFileSync(join(folder, "tokenizer_config.json"), "utf8"));
    const tokenizer = await Tokenizer.load(folder);
    assert.deepEqual(
      Object.keys(tokenizer.contents()).filter((name) => typeof tokenizer.contents()[name] === "string"),
      [],
    );
    tokenizer.eos = tokenizer.special("<|im_end|>");
    tokenizer.pad = tokenizer.special("<|endoftext|>");
    tokenizer.chatTemplate = "{{ messages }}";
    tokenizer.save(folder);
    const read = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8"));
    const roles = { eos_token: "<|im_end|>", pad_token: "<|endoftext|>" }, { chat_template: _, ...rest } = before;
    assert.deepEqual(read("tokenizer_config.json"), { ...rest, ...roles });
    assert.deepEqual(read("special_tokens_map.json"), { ...specials, ...roles });
    assert.equal(readFileSync(join(folder, "chat_template.jinja"), "utf8"), "{{ messages }}");
    const again = await Tokenizer.load(folder);
    assert.deepEqual([again.eos, again.pad, again.chatTemplate], [tokenizer.eos, tokenizer.pad, "{{ messages }}"]);
  });
});
