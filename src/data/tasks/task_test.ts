// A task that the product does not have, in one file: rows of two documents with a number each.
import assert from "node:assert/strict";
import { makeRecipe } from "../../recipe/mod.ts";
import { Tokenizer } from "../../tokenizer/mod.ts";
import { chooseTemplate } from "../encode/choose_template.ts";
import { encodeConversations } from "../encode/conversation.ts";
import { need } from "../formats/columns.ts";
import type { Conversation } from "../formats/conversation.ts";
import { prepare } from "../prepare.ts";
import { preview } from "../preview.ts";
import { filledText } from "../sources/row.ts";
import type { Task } from "./mod.ts";

/** A better and a worse answer to a question, and by how much one is better. */
interface Pair {
  readonly answers: readonly [Conversation, Conversation];
  readonly margin: number;
}

const pairs: Task<Pair, { cutoffLen: number }> = {
  name: "pairs",
  usesTemplate: true,
  parts: ["chosen", "rejected"],
  format(info, first) {
    need(info, first, "chosen", "chosen");
    const answer = (row: Record<string, unknown>, column: string): Conversation => ({
      messages: [
        { role: "user", content: filledText(row.prompt, "prompt") },
        { role: "assistant", content: filledText(row[column], column) },
      ],
    });
    return (row) => ({ answers: [answer(row, "chosen"), answer(row, "rejected")], margin: Number(row.margin) });
  },
  options: ({ cutoffLen }) => ({ cutoffLen }),
  async encode(rows, options, { template, tokenizer }) {
    const encoded = await encodeConversations(rows.flatMap(({ answers }) => answers), template, tokenizer, options);
    return rows.map(({ margin }, i) => {
      const [chosen, rejected] = encoded.slice(2 * i, 2 * i + 2);
      if ("dropped" in chosen) return chosen;
      if ("dropped" in rejected) return rejected;
      return { documents: [chosen, rejected], tags: { margin }, cut: chosen.cut || rejected.cut };
    });
  },
};

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
  const tokenizer = await Tokenizer.load(model), template = chooseTemplate(place.recipe, tokenizer);
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
  const tokenizer = await Tokenizer.load(model), template = chooseTemplate(place.recipe, tokenizer);
  const target = { task: pairs, template, tokenizer }, options = { cache: place.folder };
  await assert.rejects(prepare({ ...place.recipe, packing: true }, target, options), {
    name: "RecipeError",
    message: 'Cannot use packing = true with the task "pairs": its rows cannot be packed; leave packing out',
  });
});
