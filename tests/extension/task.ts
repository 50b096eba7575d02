// A task in one file: pairs of a better and a worse answer to a prompt, two documents a row.
import { encodeConversations } from "../../src/data/encode/conversation.ts";
import { need } from "../../src/data/formats/columns.ts";
import type { Conversation } from "../../src/data/formats/conversation.ts";
import { filledText } from "../../src/data/sources/row.ts";
import type { Task } from "../../src/data/tasks/mod.ts";

export const pairs: Task<readonly [Conversation, Conversation], { cutoffLen: number }> = {
  name: "test pairs",
  usesTemplate: true,
  parts: ["chosen", "rejected"],
  format(info, first) {
    need(info, first, "rejected", "rejected");
    const answer = (row: Record<string, unknown>, column: string): Conversation => ({
      messages: [
        { role: "user", content: filledText(row.prompt, "prompt") },
        { role: "assistant", content: filledText(row[column], column) },
      ],
    });
    return (row) => [answer(row, "chosen"), answer(row, "rejected")];
  },
  options: ({ cutoffLen }) => ({ cutoffLen }),
  async encode(rows, options, { template, tokenizer }) {
    const encoded = await encodeConversations(rows.flat(), template, tokenizer, options);
    return rows.map((_, i) => {
      const [chosen, rejected] = encoded.slice(2 * i, 2 * i + 2);
      if ("dropped" in chosen) return chosen;
      if ("dropped" in rejected) return rejected;
      return { documents: [chosen, rejected], cut: chosen.cut || rejected.cut };
    });
  },
};
