// A task in one file: pairs of a better and a worse answer to a prompt, two documents a row, and by how much one is better.
import { encodeConversations } from "../../src/data/encode/conversation.ts";
import { need } from "../../src/data/formats/columns.ts";
import type { Conversation } from "../../src/data/formats/conversation.ts";
import { filledText } from "../../src/data/sources/row.ts";
import type { Task } from "../../src/data/tasks/mod.ts";

/** Two answers, and their margin: 0 where the data has none. */
interface Pair {
  readonly answers: readonly [Conversation, Conversation];
  readonly margin: number;
}

export const pairs: Task<Pair, { cutoffLen: number }> = {
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
    return (row) => ({
      answers: [answer(row, "chosen"), answer(row, "rejected")],
      margin: Number(row.margin ?? 0),
    });
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
