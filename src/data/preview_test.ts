import assert from "node:assert/strict";
import { makeRecipe } from "../recipe/mod.ts";
import { preview } from "./preview.ts";
import { drawExample } from "./show.ts";
import { TASKS } from "./tasks/mod.ts";

const fixtures = new URL("../../tests/fixtures", import.meta.url).pathname;

Deno.test("preview() shows examples, lengths and what was left out", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const rows = [
      '{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yo"}]}',
      "{}",
      '{"messages": []}',
    ];
    await Deno.writeTextFile(`${folder}/d.jsonl`, [rows[0], rows[0], rows[0], rows[1], rows[2]].join("\n"));
    const printed: string[] = [];
    const recipe = makeRecipe({ modelNameOrPath: `${fixtures}/tokenizer`, dataset: [`${folder}/d.jsonl`] }, "preview");
    await preview(recipe, {
      task: TASKS.conversation,
      print: (text) => printed.push(text),
      color: false,
      cache: folder,
      examples: 1,
    });
    assert.equal(
      printed[0],
      `warning: 2 of 5 rows in dataset "${folder}/d.jsonl" cannot be used and are left out ` +
        `(1 like ${folder}/d.jsonl:4: its messages is missing, not a list; 1 like ${folder}/d.jsonl:5: it has no messages)`,
    );
    assert.equal(
      printed[2],
      "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n⟦Yo<|im_end|>\n⟧\n" +
        "(18 tokens, 4 of them learned; ⟦ ⟧ is learned)\n",
    );
    assert.deepEqual(printed[3].split("\n"), [
      "set    rows  examples  tokens    learned  shortest  median  90 %  longest",
      "train     3         3      54  12 (22 %)        18      18    18       18",
      `${folder}/d.jsonl: 0 of 5 examples shortened, 2 left out`,
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("drawExample() colours what is learned and shows control characters", () => {
  const shown = {
    stretches: [{ text: "a\x1b[2J", learned: false }, { text: "b", learned: true }],
    tokens: 2,
    learned: 1,
  };
  assert.equal(
    drawExample([shown], { color: true }),
    "\x1b[2ma\\x1b[2J\x1b[0m\x1b[32mb\x1b[0m\n(2 tokens, 1 of them learned; \x1b[32mgreen\x1b[0m is learned)",
  );
});

Deno.test("drawExample() leaves out the middle of a book", () => {
  const shown = { stretches: [{ text: "x".repeat(5000) + "end", learned: true }], tokens: 2, learned: 1 };
  const text = drawExample([shown], { color: false });
  assert.ok(text.includes("x [… 3003 characters …] x") && text.includes("xend⟧"));
});
