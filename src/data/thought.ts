import type { Template } from "../../templates/mod.ts";

/** The thought of an answer that has none. */
export function emptyThought({ thoughtWords: [open, close] }: Template): string {
  return open + close;
}

/** Whether an answer already has a mark of reasoning in it. */
export function hasThought({ thoughtWords: [open, close] }: Template, answer: string): boolean {
  return answer.includes(open.trim()) || answer.includes(close.trim());
}

/** An answer without its reasoning. */
export function withoutThought({ thoughtWords: [open, close] }: Template, answer: string): string {
  const start = answer.indexOf(open.trim());
  const end = answer.indexOf(close.trim(), start + 1);
  if (start < 0 || end < 0) return answer;
  return (answer.slice(0, start) + answer.slice(end + close.trim().length)).replace(/^\n+/, "");
}
