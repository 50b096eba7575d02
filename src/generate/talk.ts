import process from "node:process";
import type { Message } from "../data/mod.ts";
import { FtxError } from "../errors.ts";
import type { Waiting } from "../report/mod.ts";
import { type Answer, type Chat, loadChat, type LoadChatSettings } from "./chat.ts";
import { commandIn, HELP } from "./commands.ts";
import { Interrupts } from "./interrupts.ts";
import { linesOf, type Questions, TypedLines } from "./lines.ts";
import type { GenerationSettings } from "./settings.ts";

/** Where a conversation is shown. */
export interface Stage {
  /** Shows the model's text, and nothing else. */
  say(text: string): void;
  /** Shows ftx's own remarks. */
  note(text: string): void;
  /** True if a person is at the terminal. */
  live: boolean;
}

type TalkSettings = LoadChatSettings & Pick<GenerationSettings, "prompt"> & { readonly quiet: boolean };

/**
 * `ftx chat`: answers `prompt` if there is one, otherwise holds a conversation at the terminal, or answers each line of
 * standard input if there is no terminal.
 *
 * @param waiting shows downloads and how much of the model has been read
 */
export async function chat(recipe: TalkSettings, waiting?: Waiting): Promise<void> {
  const live = process.stdin.isTTY === true && process.stdout.isTTY === true;
  const stage: Stage = {
    live,
    say: (text) => void process.stdout.write(text),
    note: (text) => void process.stderr.write(text + "\n"),
  };
  const onNote = recipe.quiet ? () => {} : (sentence: string) => stage.note(`note: ${sentence}`);
  using talking = await loadChat(recipe, {
    onNote,
    onProgress: (share) => waiting?.share("Reading the model", share),
    listener: waiting,
  });
  if (recipe.prompt !== undefined) {
    await talking.answer(recipe.prompt, { onText: stage.say });
    return stage.say("\n");
  }
  if (!live) {
    using lines = linesOf(process.stdin);
    return await talk(talking, lines, stage, recipe);
  }
  if (!recipe.quiet) stage.note(banner(talking, recipe));
  const interrupts = new Interrupts({
    warn() {
      stage.note("\n(press Ctrl-C again to leave)");
      lines.again();
    },
    leave: () => lines[Symbol.dispose](),
  });
  using lines = new TypedLines({ prompt: "> ", onInterrupt: () => interrupts.hear() });
  await talk(talking, lines, stage, recipe, interrupts);
}

/** Answers questions until there are no more. */
export async function talk(
  talking: Pick<Chat, "reply">,
  questions: Questions,
  stage: Stage,
  { system, maxNewTokens }: Pick<GenerationSettings, "system" | "maxNewTokens">,
  interrupts = new Interrupts(),
): Promise<void> {
  let messages: Message[] = [];
  for (;;) {
    const line = await questions.next();
    if (line === undefined) return;
    interrupts.calm();
    try {
      const command = commandIn(line);
      if (command?.name === "exit") return;
      if (command?.name === "help") stage.note(HELP);
      else if (command?.name === "clear") {
        messages = [];
        stage.note("The conversation is forgotten.");
      } else if (command?.name === "system") {
        if (command.text !== "") system = command.text;
        stage.note(`System prompt: ${system ?? "the template's own"}`);
      } else if (line.trim() !== "") {
        const asked: Message[] = [...messages, { role: "user", content: line }];
        const signal = interrupts.begin();
        const answer = await talking.reply(asked, { system, signal, onText: stage.say });
        stage.say("\n");
        if (answer.tokens > 0) messages = [...asked, { role: "assistant", content: answer.text }];
        remark(answer, stage, maxNewTokens);
      }
    } catch (error) {
      if (!(error instanceof FtxError)) throw error;
      stage.note(`error: ${error.message}`);
    } finally {
      interrupts.end();
    }
  }
}

function remark({ ending }: Answer, { note, live }: Stage, maxNewTokens: number) {
  if (ending === "aborted") note("(stopped)");
  if (ending === "length") note(`(cut off after max_new_tokens = ${maxNewTokens})`);
  if (ending === "positions") note("(cut off: the model has no more positions; /clear starts over)");
  if (live) note("");
}

function banner({ model, template }: Chat, recipe: LoadChatSettings): string {
  const adapters = recipe.adapterNameOrPath.map((path) => ` + ${path}`).join("");
  const { device, dtype } = model.placement;
  return `${recipe.modelNameOrPath}${adapters} · template ${template.name} · ${dtype} on ${device}\n` +
    "/help lists commands, /exit leaves\n";
}
