// The road from a base whose EOS is another than the template's: each command takes what was trained, without a flag.
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeRecipe } from "../src/recipe/mod.ts";
import { loadChat } from "../src/generate/mod.ts";
import { exportModel } from "../src/export/export.ts";
import { inProcess } from "./in_process.ts";
import { smallModel } from "./small_model.ts";

const folder = await smallModel(), at = (name: string) => join(folder, name);
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
const read = (name: string) => JSON.parse(readFileSync(at(name), "utf8"));
writeFileSync(at("config.json"), JSON.stringify({ ...read("config.json"), eos_token_id: 330 }));
writeFileSync(at("generation_config.json"), '{"eos_token_id": [330, 332], "top_k": 3}');
writeFileSync(at("special_tokens_map.json"), '{"eos_token": "<|endoftext|>"}');
writeFileSync(at("d.jsonl"), '{"instruction": "What is the capital of France?", "output": "Paris"}\n');

/** Runs a command in the folder; gives what it said. */
async function ftx(line: string): Promise<string> {
  const { code, out, err } = await inProcess(folder, line);
  assert.equal(code, 0, err);
  return out + err;
}

const sft = (more: string) =>
  ftx(`sft --dataset d.jsonl --max-steps 2 --save-steps 1 --plot-loss false --learning-rate 0.001 ${more}`);

/** What a folder says of the end of an answer, and how its chat template begins. */
function saysOf(name: string) {
  const [tokenizer, specials] = ["tokenizer_config", "special_tokens_map"].map((file) => read(`${name}/${file}.json`));
  const generation = read(`${name}/generation_config.json`);
  const config = existsSync(at(`${name}/config.json`)) ? read(`${name}/config.json`) : undefined;
  return {
    eos: [tokenizer.eos_token, specials.eos_token, generation.eos_token_id, config?.eos_token_id],
    pad: [tokenizer.pad_token, specials.pad_token, generation.pad_token_id, config?.pad_token_id],
    rest: [generation.top_k, tokenizer.chat_template],
    template: /"template":"(\w+)"/.exec(readFileSync(at(`${name}/chat_template.jinja`), "utf8"))?.[1],
  };
}

const END = 334, ENDS = [END, 333, 330, 332]; // <|im_end|>, <|im_start|>, and those of the base
const roles = { rest: [3, undefined], template: "chatml" };
const ADAPTER = {
  eos: ["<|im_end|>", "<|im_end|>", ENDS, undefined],
  pad: ["<|im_end|>", "<|im_end|>", END, undefined],
};
const WHOLE = { eos: ["<|im_end|>", "<|im_end|>", ENDS, END], pad: ["<|im_end|>", "<|im_end|>", END, END] };

/** Chats by what the folders say, and checks that nothing has to be said. */
async function chats(adapters: string[], model = ".", template = "chatml") {
  const given = { modelNameOrPath: at(model), adapterNameOrPath: adapters.map(at), maxNewTokens: 2 };
  using chat = await loadChat(makeRecipe(given), { onNote: (sentence) => assert.fail(sentence) });
  assert.deepEqual([chat.template.name, chat.tokenizer.eos?.text], [template, "<|im_end|>"]);
  await chat.answer("What is the capital of France?");
}

Deno.test("an adapter, its checkpoints and its export end as the template does", async () => {
  const said = await sft("--model . --lora --template chatml --output-dir lora");
  for (const name of ["lora", "lora/checkpoint-1"]) assert.deepEqual(saysOf(name), { ...ADAPTER, ...roles }, name);
  for (const line of said.split("\n").filter((line) => /^ {2}ftx (chat|export)/.test(line))) {
    await ftx(line.trim().slice(4) + (line.includes("chat") ? " --prompt hi --max-new-tokens 2" : ""));
  }
  assert.deepEqual(saysOf("lora-merged"), { ...WHOLE, ...roles });
  await chats(["lora"]);
  await chats(["lora/checkpoint-1"]);
  await chats([], "lora-merged");
});

Deno.test("a whole model and its checkpoints end as the template does, and are exported so", async () => {
  await sft("--model . --full --template chatml --output-dir full");
  await sft("--model . --freeze --freeze-trainable-layers 1 --template chatml --output-dir freeze");
  await ftx("export --model full/checkpoint-1 --export-dir copy");
  for (const name of ["full", "full/checkpoint-1", "freeze", "copy"]) {
    assert.deepEqual(saysOf(name), { ...WHOLE, ...roles }, name);
    await chats([], name);
  }
});

Deno.test("training goes on with the template of what was trained: an adapter, a stack, a model, a resumed run", async () => {
  await sft("--model . --adapter lora --output-dir further");
  await sft("--model . --adapter lora --create-new-adapter --output-dir second");
  await sft("--model full --lora --output-dir over");
  for (const name of ["further", "second", "over"]) assert.deepEqual(saysOf(name), { ...ADAPTER, ...roles }, name);
  await chats(["lora", "second"]);
  await chats(["over"], "full");
  await ftx("export --model . --adapter lora,second --export-dir both");
  await ftx(
    "sft --model . --lora --template chatml --output-dir lora --dataset d.jsonl --max-steps 3 --resume --quiet",
  );
  assert.deepEqual(saysOf("both"), { ...WHOLE, ...roles });
  assert.deepEqual(saysOf("lora"), { ...ADAPTER, ...roles });
  Deno.removeSync(at("second/tokenizer.json"));
  for (const name of ["tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja"]) {
    Deno.removeSync(at(`second/${name}`));
  }
  await chats(["lora", "second"]); // as PEFT saves an adapter: what lies below it tells
});

/** What an export says, and its folder. */
async function exported(settings: Record<string, unknown>) {
  const notes: string[] = [], exportDir = at("out");
  const given = makeRecipe({ modelNameOrPath: folder, exportDir, ...settings });
  await exportModel(given, { say: () => {}, onNote: (sentence) => notes.push(sentence) });
  return notes;
}

Deno.test("an export takes another template where it is told to, and says so", async () => {
  const adapterNameOrPath = [at("lora")];
  assert.deepEqual(await exported({ adapterNameOrPath, template: "llama3" }), [
    "template = llama3 is used, but the model was trained with template = chatml",
  ]);
  const { eos, template } = saysOf("out");
  assert.deepEqual([eos, template], [["<|eot_id|>", "<|eot_id|>", [337, ...ENDS], 337], "llama3"]);
  assert.deepEqual(await exported({ adapterNameOrPath, defaultSystem: "Be brief." }), []);
  assert.match(
    readFileSync(at("out/chat_template.jinja"), "utf8"),
    /^{# ftx: {"template":"chatml","defaultSystem":"Be brief."/,
  );
  assert.deepEqual(await exported({ splitSpecialTokens: true, resizeVocab: true }), [
    "split_special_tokens = true changes nothing: an export encodes no text",
    "resize_vocab = true changes nothing: the tokenizer has every token, and only training adds rows",
  ]);
});

Deno.test("chat and export refuse new tokens for which the model has no row", async () => {
  const addTokens = ["one", "two", "three"]; // the model has two spare rows
  const message =
    `Cannot add "three" to the tokenizer of "${folder}": the embedding has 352 rows, none for what is new; ` +
    "only training adds rows: leave add_tokens, add_special_tokens and resize_vocab out";
  await assert.rejects(exported({ addTokens }), { name: "RecipeError", message });
  await assert.rejects(loadChat(makeRecipe({ modelNameOrPath: folder, addTokens })), { name: "RecipeError", message });
  assert.deepEqual(await exported({ addTokens: ["one", "two"] }), []);
  assert.ok(readFileSync(at("out/tokenizer.json"), "utf8").includes('"two"'));
});

Deno.test("an answer ends at each EOS of generation_config.json and config.json", async () => {
  const model = "copy",
    ask = async () => {
      using chat = await loadChat(makeRecipe({ modelNameOrPath: at(model), doSample: false, maxNewTokens: 6 }));
      return { ...await chat.reply("What is the capital of France?"), chat: chat.tokenizer };
    };
  const whole = await ask(), ids = await whole.chat.encode(whole.text);
  assert.equal(whole.ending, "length");
  for (const file of ["generation_config.json", "config.json"]) {
    const before = read(`${model}/${file}`);
    writeFileSync(at(`${model}/${file}`), JSON.stringify({ ...before, eos_token_id: [1, ids[2]] }));
    const { ending, tokens } = await ask();
    assert.ok(ending === "stop" && tokens <= 2, `${file}: ${ending} after ${tokens}`);
    writeFileSync(at(`${model}/${file}`), JSON.stringify(before));
  }
});
