import { DataError } from "../../errors.ts";
import type { DatasetInfo } from "../catalogue/info.ts";
import { encodeTexts, type TextOptions } from "../encode/text.ts";
import { readAlpacaText } from "../formats/alpaca.ts";
import { ALPACA_COLUMNS, columnsIn, find, LISTS, need, TEXTS } from "../formats/columns.ts";
import { filledText } from "../sources/row.ts";
import type { Format, Task } from "./task.ts";

/** Plain text, of which every token is learned. */
export const text: Task<string, TextOptions> = {
  name: "text",
  usesTemplate: false,
  packing: "blocks",
  format: (info, first) => info.formatting === "detect" ? detected(info, first) : declared(info, first),
  options: ({ cutoffLen, packing = true, splitSpecialTokens }) => ({
    cutoffLen: packing ? undefined : cutoffLen, // blocks are cut afterwards, so that cutoff_len does not encode anew
    splitSpecialTokens,
  }),
  async encode(texts, options, { tokenizer }) {
    const encoded = await encodeTexts(texts, tokenizer, options);
    return encoded.map((one) => "dropped" in one ? one : { documents: [one], cut: one.cut });
  },
};

function declared(info: DatasetInfo, first: Record<string, unknown>): Format<string> {
  if (info.formatting !== "alpaca") {
    throw new DataError(`Cannot use dataset "${info.name}" for pt: it holds conversations; use ftx sft, or plain text`);
  }
  const { columns } = info;
  if (columns.prompt === undefined && "text" in first) return column("text");
  need(info, first, columns.prompt ?? ALPACA_COLUMNS.prompt, "prompt");
  return (row) => readAlpacaText(row, columns);
}

function detected(info: DatasetInfo, first: Record<string, unknown>): Format<string> {
  const plain = find(TEXTS, first);
  if (plain !== undefined) return column(plain);
  const why = find(LISTS, first) !== undefined
    ? "which hold conversations; use ftx sft"
    : 'and none of them is "text"; rename the one that holds the text, or describe it in dataset_info.json';
  throw new DataError(`Cannot use dataset "${info.name}" for pt: ${columnsIn(first)}, ${why}`);
}

const column = (name: string): Format<string> => (row) => filledText(row[name], name);
