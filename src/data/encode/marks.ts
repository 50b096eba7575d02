import type { Conversation } from "../formats/conversation.ts";
import { RowError } from "../sources/row.ts";

/** Throws `RowError` where marks of the data leave nothing to learn, or ask for what the settings do not. */
export function checkMarks(
  { systemLearned, messages }: Conversation,
  { trainOnPrompt = false, maskHistory = false }: { trainOnPrompt?: boolean; maskHistory?: boolean },
): void {
  const questions = [systemLearned, ...messages.filter((_, i) => i % 2 === 0).map(({ learned }) => learned)];
  if (questions.includes(!trainOnPrompt)) {
    throw new RowError(
      trainOnPrompt
        ? "a question is marked not to be learned (weight 0), and train_on_prompt learns them all"
        : "a question is marked to be learned (weight 1), which train_on_prompt does for all and nothing for one",
    );
  }
  const answers = messages.filter((_, i) => i % 2 === 1);
  if (!trainOnPrompt && answers.slice(maskHistory ? -1 : 0).every(({ learned }) => learned === false)) {
    throw new RowError(`its ${maskHistory ? "last answer is" : "answers are"} marked not to be learned (weight 0)`);
  }
}
