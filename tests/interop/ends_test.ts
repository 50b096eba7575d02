// What ftx trained ends where transformers ends it, and is asked as transformers asks it, by its folders alone.
import assert from "node:assert/strict";
import { join } from "node:path";
import { encodePrompt } from "../../src/data/mod.ts";
import { loadChat } from "../../src/generate/mod.ts";
import { makeRecipe } from "../../src/recipe/mod.ts";
import { inProcess } from "../in_process.ts";
import { learned } from "../support/chats.ts";
import { peerPython } from "./peer.ts";
import { Workplace } from "./small.ts";

const python = peerPython("transformers", "torch", "peft");
const ignore = python === undefined;
const live = ignore ? " (skipped: no Python with transformers and PEFT; set FTX_PEERS)" : "";

const ANSWERS = { chatml: "<|im_end|>", llama3: "<|eot_id|>", qwen3: "<|im_end|>" };
const ask = [{ role: "user", content: "What is the capital of France?" }] as const;
const answered = [...ask, { role: "assistant", content: "Paris" }];

/** Folders of what was trained. */
interface Item {
  model: string;
  adapter?: string;
}

/** A base with another EOS, trained with each template as an adapter and whole, and each of them exported. */
async function trainAll(place: Workplace): Promise<[string, Item][]> {
  const path = place.path("model/config.json"), config = JSON.parse(Deno.readTextFileSync(path));
  Deno.writeTextFileSync(path, JSON.stringify({ ...config, eos_token_id: 330, pad_token_id: null }));
  Deno.writeTextFileSync(place.path("model/generation_config.json"), '{"eos_token_id": 330}');
  const specials = { eos_token: { content: "<|endoftext|>", special: true } };
  Deno.writeTextFileSync(place.path("model/special_tokens_map.json"), JSON.stringify(specials));
  const ftx = async (line: string) => {
    const { code, err } = await inProcess(place.folder, line);
    assert.equal(code, 0, err);
  };
  const items: [string, Item][] = [];
  for (const template of Object.keys(ANSWERS)) {
    for (const method of ["full", "lora"]) {
      const run = `${template}-${method}`, lora = method === "lora";
      const rate = lora ? "0.03 --lora-rank 16 --lora-alpha 32" : "0.02";
      await ftx(
        `sft --model model --dataset data.jsonl --template ${template} --${method} --output-dir ${run} --max-steps 50 ` +
          `--save-strategy no --plot-loss false --quiet --learning-rate ${rate}`,
      );
      const item = lora ? { model: place.path("model"), adapter: place.path(run) } : { model: place.path(run) };
      const names = lora ? `--model model --adapter ${run}` : `--model ${run}`;
      await ftx(`export ${names} --export-dir ${run}-exported --quiet`);
      items.push([template, item], [template, { model: place.path(`${run}-exported`) }]);
    }
  }
  return items;
}

Deno.test(`transformers stops, and asks, as ftx does with what it trained${live}`, { ignore }, async () => {
  using place = await Workplace.make("llama");
  const items = await trainAll(place);
  Deno.writeTextFileSync(
    place.path("items.json"),
    JSON.stringify(items.map(([, item]) => ({ ...item, messages: ask, answered }))),
  );
  const theirs = await place.peer(python!, "generate.py", ["items.json", "out.json"], "out.json");
  assert.equal(theirs.length, 12);
  for (const [i, [template, { model, adapter }]] of items.entries()) {
    const name = adapter ?? model, saw = theirs[i];
    const recipe = makeRecipe({ modelNameOrPath: model, adapterNameOrPath: adapter ? [adapter] : [], doSample: false });
    using chat = await loadChat(recipe, { onNote: (note) => assert.fail(note) });
    assert.equal(chat.template.name, template);
    assert.deepEqual(saw.prompt, await encodePrompt(chat.template, chat.tokenizer, { messages: [...ask] }), name);
    const ours = await chat.reply(ask, { maxNewTokens: 40 });
    assert.deepEqual([ours.ending, saw.text, saw.ids.length], ["stop", ours.text, ours.tokens + 1], name);
    assert.equal(saw.whole, await learned({ messages: answered }, chat.template, chat.tokenizer), name);
    const end = chat.tokenizer.idOf(ANSWERS[template as keyof typeof ANSWERS]);
    const [eos, generation, ...config] = saw.eos;
    assert.deepEqual([eos, ...config], adapter ? [end] : [end, end], name);
    assert.deepEqual([saw.ids.at(-1), generation[0], generation.includes(330)], [end, end, true], name);
    assert.ok(saw.pad.every((pad: number) => pad === end), name);
    const specials = JSON.parse(Deno.readTextFileSync(join(name, "special_tokens_map.json")));
    assert.equal(specials.eos_token, ANSWERS[template as keyof typeof ANSWERS]);
  }
});
