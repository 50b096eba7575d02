import { readLines, utf8 } from "./bytes.ts";
import type { Row } from "./row.ts";

/** Rows of a text file: each line that is not blank is a text. */
export async function* readText(path: string): AsyncGenerator<Row> {
  for await (const { bytes, number } of readLines(path)) {
    const text = utf8(bytes);
    const place = `${path}:${number}`;
    if (text === undefined) yield { place, bad: "it is not UTF-8" };
    else if (text.trim() !== "") yield { place, value: { text } };
  }
}
