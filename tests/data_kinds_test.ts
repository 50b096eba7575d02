// Data that is not what it seems: what a preview shows of it, and what every command says that reads it.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { preview, TASKS } from "../src/data/mod.ts";
import { makeRecipe } from "../src/recipe/mod.ts";
import { ftx } from "./ftx.ts";
import { smallModel } from "./small_model.ts";

const model = await smallModel();
const folder = mkdtempSync(join(tmpdir(), "ftx-data-kinds-"));
addEventListener("unload", () => [model, folder].forEach((path) => rmSync(path, { recursive: true })));

const user = (content: unknown) => ({ role: "user", content });
const answer = (content: unknown, more = {}) => ({ role: "assistant", content, ...more });
const asked = (text: string) => `<|im_start|>user\n${text}<|im_end|>\n<|im_start|>assistant\n`;
const said = (text: string) => `⟦${text}<|im_end|>\n⟧`;

const MEDIA = [{ messages: [user("<image>Who?"), answer("A man.")], images: ["1.jpg"] }];
const IMAGES = { file_name: "media.json", formatting: "openai", columns: { messages: "messages", images: "images" } };
const NAMED = { file_name: "named.json", columns: { prompt: "input", response: "output" } };
const FILES: Record<string, unknown> = {
  "dataset_info.json": { media: IMAGES, named: NAMED },
  "media.json": MEDIA,
  "no-media.json": [{ ...MEDIA[0], messages: [user("Who?"), answer("A man.")], images: [] }],
  "named.json": [{ id: 1, input: "2+2?", output: "4", instruction: "x", system: "y" }],
};
for (const [name, content] of Object.entries(FILES)) writeFileSync(join(folder, name), JSON.stringify(content));

/** What a preview shows of rows, without the table. */
async function shown(rows: unknown[], more = {}): Promise<string[]> {
  writeFileSync(join(folder, "rows.json"), JSON.stringify(rows));
  const dataset = [join(folder, "rows.json")];
  const settings = { modelNameOrPath: model, template: "chatml" as const, datasetDir: folder, dataset, ...more };
  const printed: string[] = [];
  await preview(makeRecipe(settings, "preview"), {
    task: TASKS.conversation,
    print: (text) => printed.push(text),
    color: false,
    cache: folder,
    examples: 9,
  });
  const examples = printed.slice(0, -1).filter((text) => !/^Example \d$/.test(text));
  return examples.map((text) => text.replace(/\n\(\d+ tokens.*\n$/, "\n"));
}

const call = { type: "function", function: { name: "f", arguments: '{"x": 1}' } };
const written = 'Action: f\nAction Input: {"x": 1}';
const result = (text: string) => `<|im_start|>tool\n${text}<|im_end|>\n`;
const calling = (message: unknown) => [
  user("a"),
  message,
  { role: "tool", content: "1" },
  { role: "tool", content: "2" },
  answer("b"),
];
const read = (text: string) =>
  asked("a") + said(text) + result("1") + result("2") + "<|im_start|>assistant\n" + said("b");

/** Rows, and what a preview shows of each. */
const KINDS: Record<string, [row: unknown, text: string]> = {
  "an empty list of calls": [{ messages: [user("a"), answer("b", { tool_calls: [] })] }, asked("a") + said("b")],
  "text beside calls": [{ messages: calling(answer("I look.", { tool_calls: [call] })) }, read(`I look.\n${written}`)],
  "calls alone": [{ messages: calling(answer(null, { tool_calls: [call] })) }, read(written)],
  "several calls": [{ messages: calling(answer("", { tool_calls: [call, call] })) }, read(`${written}\n${written}`)],
  "an empty history": [{ instruction: "a", output: "b", history: "" }, asked("a") + said("b")],
  "a history of empty texts": [{ instruction: "a", output: "b", history: [["", ""]] }, asked("a") + said("b")],
  "an answer that is only read": [
    { messages: [user("a"), answer("b", { weight: 0 }), user("c"), answer("d")] },
    `${asked("a")}b<|im_end|>\n${asked("c")}${said("d")}`,
  ],
};

for (const [kind, [row, text]] of Object.entries(KINDS)) {
  Deno.test(`a preview shows what is learned of ${kind}`, async () => {
    assert.deepEqual(await shown([row]), [`${text.trimEnd()}\n`]);
  });
}

Deno.test("a preview shows the named columns of an entry and no others", async () => {
  assert.deepEqual(await shown([], { dataset: ["named"] }), [(asked("2+2?") + said("4")).trimEnd() + "\n"]);
});

Deno.test("a preview refuses a part of text without text, and takes empty media for none", async () => {
  const row = { messages: [user([{ type: "text", value: "hi" }]), answer("b")] };
  await assert.rejects(shown([row]), {
    message:
      `Cannot use dataset "${folder}/rows.json": its only row cannot be used (${folder}/rows.json, example 1: message 1 ` +
      'has a part of type "text" without "text"); fix the data',
  });
  assert.equal((await shown([], { dataset: [join(folder, "no-media.json")] })).length, 1);
});

const RUN = `--model ${model} --template chatml --dtype fp32 --max-steps 1 --output-dir out`;

/** Commands that meet media, by what they train or look at. */
const COMMANDS = [
  `data preview --model ${model} --dataset media --dataset-dir .`,
  `data preview --model ${model} --stage pt --dataset media.json`,
  `plan --lora ${RUN} --dataset media.json`,
  `sft --lora ${RUN} --dataset media --dataset-dir .`,
  `sft --lora ${RUN} --dataset no-media.json --do-eval --eval-dataset media.json`,
  `pt --full --model ${model} --max-steps 1 --output-dir out --dataset media.json`,
];

for (const command of COMMANDS) {
  Deno.test(`media are refused: ftx ${command.replaceAll(model, "MODEL")}`, async () => {
    const { code, err } = await ftx(folder, command);
    const name = command.endsWith(".json") ? "media.json" : "media";
    const sentence =
      `Cannot use dataset "${name}" (media.json, example 1): its column "images" holds media, and ftx learns from ` +
      "text alone; use a data set without media";
    assert.deepEqual([err.trim().split("\n").at(-1), code], [`error: ${sentence}`, 5]);
    assert.ok(!existsSync(join(folder, "out")));
  });
}

Deno.test("a run says what is odd about its data, and learns the same from tokenized_path", async () => {
  const rows = Object.values(KINDS).map(([row]) => row).filter((row: any) => row.messages !== undefined);
  const odd = { messages: [user("say <|im_end|>"), answer("b")] };
  writeFileSync(join(folder, "odd.jsonl"), [...rows, odd].map((row) => JSON.stringify(row)).join("\n"));
  const run = async (out: string) => {
    const { err, out: log } = await ftx(
      folder,
      `sft --lora ${RUN} --dataset odd.jsonl --tokenized-path ready --output-dir ${out}`,
    );
    return { err, loss: (err + log).match(/loss +([\d.]+)/)?.[1] };
  };
  const first = await run("one"), second = await run("two");
  assert.ok(first.err.includes(
    'warning: 1 of 6 rows in dataset "odd.jsonl" has the special token "<|im_end|>" in the text, which is read as that token ' +
      "(odd.jsonl:6); set split_special_tokens = true to read it as ordinary text\n",
  ));
  assert.ok(first.loss !== undefined);
  assert.equal(second.loss, first.loss);
});
