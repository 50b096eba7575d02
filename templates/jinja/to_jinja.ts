import { CONTENT, type Slot, type Template, type Trims } from "../template.ts";
import { TOOL_FORMATS, type ToolFormat } from "../tools/mod.ts";
import { type Code, code, joined, quote, say } from "./quote.ts";
import { promptedThought, thinking, withEmptyThought, withoutThought } from "./thoughts.ts";

/** What is known of the tokenizer, and of how answers were learned. */
export interface JinjaNames {
  /** The text of BOS; undefined if the tokenizer has none. */
  readonly bos?: string;
  /** The text of EOS. */
  readonly eos?: string;
  /** Only the last answer of a conversation was learned, after answers without their reasoning (`mask_history`). */
  readonly lastOnly?: boolean;
}

/**
 * A template as a Jinja chat template: `apply_chat_template` of transformers then renders the text that ftx learns and, with
 * `add_generation_prompt`, the prompt that `ftx chat` writes; for any number of turns, system prompts, tools, calls and
 * results. It takes contents that are texts or lists of text parts, `reasoning_content` and, with reasoning templates,
 * `enable_thinking`. BOS and EOS are written out, so that it does not change when the tokenizer's EOS does.
 *
 * A derived template keeps the Jinja that it was derived from. Arguments of calls should be objects, as transformers
 * documents: Jinja cannot parse texts, so these are written unchanged.
 */
export function toJinja(template: Template, names: JinjaNames = {}): string {
  if (template.jinja !== undefined) return template.jinja;
  const parts = partsOf(template, names);
  const format = formatOf(template);
  const lines = [
    ...macro("text(content)", TEXT),
    ...macro("describe(tools)", format?.describeJinja ?? NO_FORMAT),
    ...macro("write(calls)", format?.callJinja ?? NO_FORMAT),
    ...systemLines(template, parts),
    ...(template.reasoning ? [thinking(template)] : []),
    "{%- for message in turns %}",
    ...questionLines(template, parts),
    ...resultLines(template, parts),
    ...answerLines(template, parts, names.lastOnly ?? false),
    "{%- else %}",
    "{{- raise_exception('Only the first message may be a system message; the others are user, assistant or tool') }}",
    "{%- endif %}",
    "{%- endfor %}",
    ...promptLines(template, parts),
  ];
  return indented(lines.filter((line) => line !== "").flatMap((line) => line.split("\n"))).join("\n") + "\n";
}

type Around = readonly [before: string, after: string];

interface Parts {
  prefix: string;
  system: Around;
  withoutSystem: string;
  user: Around;
  observation: Around;
  assistant: Around;
  function: Around;
  /** What opens an answer, if that can be told from what ends a question. */
  header: string;
  /** Behind the last answer. */
  end: string;
}

function partsOf(template: Template, names: JinjaNames): Parts {
  const textOf = (slots: readonly Slot[]) =>
    slots.map((slot) => typeof slot === "string" ? slot : "special" in slot ? names[slot.special] ?? "" : slot.token)
      .join("");
  const around = (slots: readonly Slot[]): Around => {
    const text = textOf(slots);
    const at = text.indexOf(CONTENT);
    return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + CONTENT.length)];
  };
  const [user, observation, assistant] = [template.user, template.observation, template.assistant].map(around);
  const mark = assistant[1];
  const cut = mark !== "" && user[1].startsWith(mark) ? user[1].slice(mark.length) : "";
  const header = observation[1].endsWith(cut) ? cut : "";
  const question = ([before, after]: Around): Around => [before, after.slice(0, after.length - header.length)];
  return {
    prefix: textOf(template.prefix),
    // Inside a question, only texts are written.
    system: around(
      template.systemInUser ? template.system.filter((slot) => typeof slot === "string") : template.system,
    ),
    withoutSystem: textOf(template.withoutSystem),
    user: question(user),
    observation: question(observation),
    assistant,
    function: around(template.function),
    header,
    end: template.efficientEos ? names.eos ?? "" : "",
  };
}

function macro(signature: string, body: readonly string[]): string[] {
  return [`{%- macro ${signature} %}`, ...body, "{%- endmacro %}"];
}

function formatOf({ toolFormat }: Template): ToolFormat | undefined {
  return toolFormat === null ? undefined : TOOL_FORMATS[toolFormat];
}

const NO_FORMAT = ["{{- raise_exception('How tools are written is not known for this model') }}"];

const TEXT = [
  "{%- if content is string %}",
  "{{- content }}",
  "{%- elif content %}",
  "{%- for part in content %}",
  "{{- part.text }}",
  "{%- endfor %}",
  "{%- endif %}",
];

/** Takes the system prompt and the descriptions of tools; writes what opens the conversation. */
function systemLines(
  { defaultSystem, alwaysSystem, systemInUser, trims }: Template,
  { prefix, system, withoutSystem }: Parts,
): string[] {
  const filled = joined(system[0], code("system"), system[1]);
  return [
    "{%- set system = '' %}",
    "{%- set turns = messages %}",
    "{%- if messages and messages[0].role == 'system' %}",
    `{%- set system = ${trimmed("text(messages[0].content)", trims.system)} %}`,
    "{%- set turns = messages[1:] %}",
    "{%- endif %}",
    defaultSystem === "" ? "" : `{%- set system = system or ${quote(defaultSystem)} %}`,
    "{%- if tools %}",
    "{%- set system = system + describe(tools) if system else describe(tools).lstrip() %}",
    "{%- endif %}",
    `{%- set opening = ${alwaysSystem ? filled : `${filled} if system else ${quote(withoutSystem)}`} %}`,
    say(prefix, ...(systemInUser ? [] : [code("opening")])),
    ...(systemInUser === "last" ? LAST_QUESTION : []),
  ];
}

const LAST_QUESTION = [
  "{%- set question = namespace(last=0) %}",
  "{%- for message in turns %}",
  "{%- if message.role == 'user' %}",
  "{%- set question.last = loop.index0 %}",
  "{%- endif %}",
  "{%- endfor %}",
];

/** The system prompt, in the question that holds it. */
function systemIn({ systemInUser }: Template): Code[] {
  if (systemInUser === false) return [];
  return [code(`(opening if ${systemInUser === "first" ? "loop.first" : "loop.index0 == question.last"} else '')`)];
}

function trimmed(text: string, side: Trims[keyof Trims]): string {
  return side === undefined ? text : `${text}.${{ both: "", start: "l", end: "r" }[side]}strip()`;
}

function questionLines(template: Template, { user: [before, after] }: Parts): string[] {
  const content = code(trimmed("text(message.content)", template.trims.user));
  return ["{%- if message.role == 'user' %}", say(before, ...systemIn(template), content, after)];
}

/** Results of tools that were called together are one message to the model. */
function resultLines(template: Template, { observation: [before, after] }: Parts): string[] {
  return [
    "{%- elif message.role == 'tool' %}",
    "{%- if loop.first or turns[loop.index0 - 1].role != 'tool' %}",
    say(before, ...systemIn(template)),
    "{%- else %}",
    say(template.betweenResults),
    "{%- endif %}",
    `{{- ${trimmed("text(message.content)", template.trims.observation)} }}`,
    "{%- if loop.last or turns[loop.index0 + 1].role != 'tool' %}",
    say(after),
    "{%- endif %}",
  ];
}

/** `said` becomes what the answer says, with its reasoning where that is kept. */
function answerLines(template: Template, parts: Parts, lastOnly: boolean): string[] {
  const [, thoughtEnd] = template.thoughtWords;
  const separator = formatOf(template)?.afterText ?? "";
  const [before, callsBefore] = [parts.assistant[0], parts.function[0]];
  return [
    "{%- elif message.role == 'assistant' %}",
    say(parts.header),
    "{%- set said = text(message.content) %}",
    "{%- if message.reasoning_content is string and message.reasoning_content | trim %}",
    `{%- set said = ${joined("<think>\n", code("(message.reasoning_content | trim)"), "\n</think>\n\n")} + said %}`,
    "{%- endif %}",
    ...(template.reasoning ? withoutThought(template, lastOnly) : []),
    template.trims.assistant === undefined ? "" : `{%- set said = ${trimmed("said", template.trims.assistant)} %}`,
    ...(template.reasoning ? withEmptyThought(template) : []),
    "{%- if message.tool_calls %}",
    ...(before === callsBefore
      ? [say(before, code("said"))]
      : ["{%- if said %}", say(before, code("said")), "{%- endif %}"]),
    ...(separator === "" ? [] : [
      `{%- if said.strip() and not said.rstrip().endswith(${quote(thoughtEnd.trim())}) %}`,
      say(separator),
      "{%- endif %}",
    ]),
    say(before === callsBefore ? "" : callsBefore, code("write(message.tool_calls)"), parts.function[1]),
    "{%- else %}",
    say(before, code("said"), parts.assistant[1]),
    "{%- endif %}",
    ...(parts.end === "" ? [] : ["{%- if loop.last and not add_generation_prompt %}", say(parts.end), "{%- endif %}"]),
  ];
}

function promptLines(template: Template, { header }: Parts): string[] {
  const lines = [say(header), ...(template.reasoning ? promptedThought(template) : [])].filter((line) => line !== "");
  return lines.length === 0 ? [] : ["{%- if add_generation_prompt %}", ...lines, "{%- endif %}"];
}

/** Four spaces for each block that is open. */
function indented(lines: string[]): string[] {
  let depth = 0;
  return lines.map((line) => {
    const [, word = ""] = line.match(/^\{%- (\w+)/) ?? [];
    if (word.startsWith("end") || word.startsWith("el")) depth--;
    const text = "    ".repeat(depth) + line;
    if (["macro", "if", "for", "elif", "else"].includes(word)) depth++;
    return text;
  });
}
