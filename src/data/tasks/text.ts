import { DataError } from "../../errors.ts";
import { type Columns, NO_PREFERENCES } from "../catalogue/entry.ts";
import type { DatasetInfo } from "../catalogue/info.ts";
import { encodeTexts, type TextOptions } from "../encode/text.ts";
import { questionOf } from "../formats/alpaca.ts";
import { alpacaColumns, columnsIn, find, LISTS, PROMPTS, RESPONSES, TEXTS } from "../formats/columns.ts";
import { filledText } from "../sources/row.ts";
import type { Format, Note, Task } from "./task.ts";

/** Plain text, of which every token is learned. */
export const text: Task<string, TextOptions> = {
  name: "text",
  usesTemplate: false,
  packing: "blocks",
  format: (info, first, note) =>
    info.formatting === "detect" ? detected(info, first, note) : declared(info, first, note),
  options: ({ cutoffLen, packing = true, splitSpecialTokens }) => ({
    cutoffLen: packing ? undefined : cutoffLen, // blocks are cut afterwards, so that cutoff_len does not encode anew
    splitSpecialTokens,
  }),
  async encode(texts, options, { tokenizer }) {
    const encoded = await encodeTexts(texts, tokenizer, options);
    return encoded.map((one) => "dropped" in one ? one : { documents: [one], cut: one.cut });
  },
};

function declared(info: DatasetInfo, first: Record<string, unknown>, note?: Note): Format<string> {
  if (info.formatting !== "alpaca") {
    throw new DataError(`Cannot use dataset "${info.name}" for pt: it holds conversations; use ftx sft, or plain text`);
  }
  if (Object.keys(info.columns).length === 0 && "text" in first) return column("text");
  const columns = alpacaColumns(info, first, ["prompt"]);
  sayUnread(columns, first, note);
  return (row) => questionOf(row, columns);
}

/** Columns that an entry names for stages that learn answers are not part of the text. */
function sayUnread(columns: Columns, first: Record<string, unknown>, note?: Note): void {
  const { prompt, query, response, history, system, tools } = columns;
  const there = (names: (string | undefined)[]) => names.filter((name) => name !== undefined && name in first);
  const left = there([response, history, system, tools]);
  if (left.length === 0) return;
  note?.(
    `pt learns ${listed(there([prompt, query]))} as plain text and leaves ${
      listed(left)
    } out; use ftx sft to learn answers`,
  );
}

const listed = (names: (string | undefined)[]) => names.map((name) => `"${name}"`).join(" and ");

function detected(info: DatasetInfo, first: Record<string, unknown>, note?: Note): Format<string> {
  const plain = find(TEXTS, first);
  const other = find(LISTS, first) ?? find(RESPONSES, first);
  if (plain !== undefined) {
    if (other !== undefined) {
      note?.(`pt learns "${plain}" as plain text and leaves "${other}" out; use ftx sft to learn it`);
    }
    return column(plain);
  }
  throw new DataError(`Cannot use dataset "${info.name}" for pt: ${columnsIn(first)}, ${whyNot(first)}`);
}

function whyNot(first: Record<string, unknown>): string {
  if (find(LISTS, first) !== undefined) return "which hold conversations; use ftx sft";
  if ("chosen" in first && "rejected" in first) return `which hold preferences, ${NO_PREFERENCES}`;
  if (find(PROMPTS, first) !== undefined && find(RESPONSES, first) !== undefined) {
    return "which hold questions and answers; use ftx sft, or describe the column of the text in dataset_info.json";
  }
  return 'and none of them is "text"; rename the one that holds the text, or describe it in dataset_info.json';
}

const column = (name: string): Format<string> => (row) => filledText(row[name], name);
