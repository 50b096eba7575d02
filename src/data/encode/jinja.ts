import { Environment, Interpreter, parse, tokenize } from "@huggingface/jinja";
import { type Template, toJinja } from "../../../templates/mod.ts";
import { quoted } from "../../errors.ts";
import type { Tokenizer } from "../../tokenizer/mod.ts";

/** A message as chat templates know it. */
export interface JinjaMessage {
  readonly role: string;
  readonly content: string;
  readonly tool_calls?: readonly unknown[];
}

/** What a chat template may read, apart from the messages. */
export interface JinjaOptions {
  readonly addGenerationPrompt?: boolean;
  readonly tools?: readonly unknown[];
  readonly bos?: string;
  readonly eos?: string;
  /** What `strftime_now` gives. Default: the day that Llama 3's template falls back to. */
  readonly day?: string;
}

/** Why a chat template cannot be read or run, as a clause. */
export class JinjaError extends Error {}

/** A chat template that refuses a conversation, in its own words. */
export class JinjaRefusal extends JinjaError {}

/** Writes messages with a chat template. */
export type JinjaWriter = (messages: readonly JinjaMessage[], options?: JinjaOptions) => string;

/**
 * A tokenizer's chat template, which renders as transformers' `apply_chat_template` does. The date is fixed, so that
 * encoded data does not depend on the day. Throws `JinjaError` where it cannot be read, and the writer where it cannot be
 * run.
 */
export function readJinja(source: string): JinjaWriter {
  const program = explained(() => parse(tokenize(source, { trim_blocks: true, lstrip_blocks: true })));
  return (messages, options = {}) => {
    const environment = environmentOf(messages, options);
    return explained(() => String(new PythonLike(environment).run(program).value));
  };
}

/** What the library throws, as a `JinjaError`. */
function explained<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof JinjaError) throw error;
    const { message } = error as Error;
    if (!(error instanceof RangeError)) throw new JinjaError(`the Jinja interpreter says ${quoted(message)}`);
    throw new JinjaError(
      /stack/.test(message)
        ? "it is nested too deeply, or calls itself without end"
        : "it makes a text or a list that is too long",
    );
  }
}

/** Reads a chat template and renders it once. */
export function renderJinja(source: string, messages: readonly JinjaMessage[], options?: JinjaOptions): string {
  return readJinja(source)(messages, options);
}

function environmentOf(
  messages: readonly JinjaMessage[],
  { addGenerationPrompt = false, tools, bos = "", eos = "", day = "26 Jul 2024" }: JinjaOptions,
): Environment {
  const globals = {
    true: true,
    false: false,
    none: null,
    True: true,
    False: false,
    None: null,
    range: numbers,
    strftime_now: () => day,
    raise_exception: (message: unknown) => {
      throw new JinjaRefusal(String(message));
    },
    messages,
    tools: tools ?? null,
    documents: null,
    add_generation_prompt: addGenerationPrompt,
    bos_token: bos,
    eos_token: eos,
  };
  const environment = new Environment();
  for (const [name, value] of Object.entries(globals)) environment.set(name, value);
  return environment;
}

/** Python's `range`. */
function numbers(from: number, to?: number, step = 1): number[] {
  const [start, end] = to === undefined ? [0, from] : [from, to];
  return Array.from({ length: Math.max(0, Math.ceil((end - start) / step)) }, (_, i) => start + i * step);
}

/** The library's interpreter, but that `strip`, `lstrip` and `rstrip` take the characters that they remove. */
class PythonLike extends Interpreter {
  override evaluate(node: any, environment: Environment): any {
    const method = node?.type === "CallExpression" && node.args.length === 1 && node.callee.property?.value;
    if (method !== "strip" && method !== "lstrip" && method !== "rstrip") return super.evaluate(node, environment);
    const text = super.evaluate(node.callee.object, environment).value;
    const signs = super.evaluate(node.args[0], environment).value;
    if (typeof text !== "string" || typeof signs !== "string") return super.evaluate(node, environment);
    let [start, end] = [0, text.length];
    if (method !== "rstrip") { while (start < end && signs.includes(text[start])) start++; }
    if (method !== "lstrip") { while (end > start && signs.includes(text[end - 1])) end--; }
    return super.evaluate({ type: "StringLiteral", value: text.slice(start, end) } as any, environment);
  }
}

/**
 * The Jinja chat template of a tokenizer whose model learned with a template: see `toJinja`.
 *
 * @param lastOnly whether only last answers were learned (`mask_history`)
 */
export function chatTemplateOf(template: Template, { bos, eos }: Tokenizer, lastOnly = false): string {
  return toJinja(template, { bos: bos?.text, eos: eos?.text, lastOnly });
}
