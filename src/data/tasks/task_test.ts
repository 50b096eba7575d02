// A task that the product does not have: rows of two documents with a number each.
import assert from "node:assert/strict";
import { pairs } from "../../../tests/extension/task.ts";
import { makeRecipe } from "../../recipe/mod.ts";
import { Tokenizer } from "../../tokenizer/mod.ts";
import { chooseTemplate } from "../encode/choose_template.ts";
import { prepare } from "../prepare.ts";
import { preview } from "../preview.ts";

const model = new URL("../../../tests/fixtures/tokenizer", import.meta.url).pathname;

/** A data set of three rows, and the settings that name it. */
async function scene() {
  const folder = await Deno.makeTempDir();
  const row = (i: number) => ({ prompt: `q${i}`, chosen: `yes${i}`, rejected: `no${i}, never`, margin: i / 4 });
  const rows = [row(0), row(1), row(2), { ...row(3), rejected: "" }];
  await Deno.writeTextFile(`${folder}/d.jsonl`, rows.map((one) => JSON.stringify(one)).join("\n"));
  const recipe = makeRecipe({ modelNameOrPath: model, dataset: [`${folder}/d.jsonl`], template: "chatml" }, "preview");
  return { folder, recipe, [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }) };
}

Deno.test("a task whose rows are pairs reaches a batch with row starts and tags, encoded or from the cache", async () => {
  using place = await scene();
  const tokenizer = await Tokenizer.load(model), template = await chooseTemplate(place.recipe, tokenizer);
  const read: number[] = [], said: string[] = [];
  for (let time = 0; time < 2; time++) {
    const { train, tallies } = await prepare(place.recipe, { task: pairs, template, tokenizer }, {
      cache: place.folder,
      onProgress: (_, rows) => read.push(rows),
      onWarning: (sentence) => said.push(sentence),
    });
    const batch = train.batch([2, 0]);
    const texts = await Promise.all(
      Array.from(batch.starts.subarray(1), (end, d) => {
        const learned = batch.targets.filter((_, i) =>
          batch.supervised[i] >= batch.starts[d] && batch.supervised[i] < end
        );
        return tokenizer.decode(learned);
      }),
    );
    assert.deepEqual(texts, ["yes2", "no2, never", "yes0", "no0, never"].map((text) => `${text}<|im_end|>\n`));
    assert.deepEqual([batch.rows, [...batch.rowStarts]], [2, [0, 2, 4]]);
    assert.deepEqual(batch.tags, { margin: Float32Array.of(0.5, 0) });
    assert.deepEqual([train.rows, train.documents, Object.values(tallies)[0].dropped], [3, 6, 1]);
  }
  assert.deepEqual(read, [4]); // once: the second time, the cache has it
  assert.match(said[0], /d\.jsonl:4: its rejected is empty\)$/);
});

Deno.test("a preview shows each document of a row under its name", async () => {
  using place = await scene();
  const printed: string[] = [];
  const print = (text: string) => printed.push(text);
  await preview(place.recipe, {
    task: pairs,
    print,
    color: false,
    cache: place.folder,
    examples: 1,
    onWarning: () => {},
  });
  assert.match(
    printed[1],
    /^chosen:\n<\|im_start\|>user\nq0[^]*⟦yes0[^]*\nrejected:\n<\|im_start\|>user\nq0[^]*⟦no0, never/,
  );
});

Deno.test("packing is refused where a task's rows cannot be packed", async () => {
  using place = await scene();
  const tokenizer = await Tokenizer.load(model), template = await chooseTemplate(place.recipe, tokenizer);
  const target = { task: pairs, template, tokenizer }, options = { cache: place.folder };
  await assert.rejects(prepare({ ...place.recipe, packing: true }, target, options), {
    name: "RecipeError",
    message: 'Cannot use packing = true with the task "pairs": its rows cannot be packed; leave packing out',
  });
});
