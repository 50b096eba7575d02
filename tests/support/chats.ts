// Conversations with which chat templates are compared, as OpenAI's clients send them.
import { type Conversation, encodePrompt } from "../../src/data/mod.ts";
import { OPENAI_TAGS } from "../../src/data/catalogue/entry.ts";
import { encodeConversations } from "../../src/data/encode/conversation.ts";
import { readChat } from "../../src/data/formats/chat.ts";
import type { Tokenizer } from "../../src/tokenizer/mod.ts";
import { BOS, type Template, TEMPLATES, TOOL_FORMATS } from "../../templates/mod.ts";

/** A conversation that ends with an answer. */
export interface Chat {
  readonly messages: readonly Record<string, unknown>[];
  readonly tools?: readonly unknown[];
}

const system = (content: string) => ({ role: "system", content });
const user = (content: unknown) => ({ role: "user", content });
const answer = (content: unknown, more = {}) => ({ role: "assistant", content, ...more });
const result = (content: string) => ({ role: "tool", content });
const call = (name: string, args: unknown) => ({ type: "function", function: { name, arguments: args } });
const calls = (...list: unknown[]) => ({ role: "assistant", content: "", tool_calls: list });

const WEATHER = {
  type: "function",
  function: {
    name: "weather",
    description: 'Says what\'s up, in °C\nor °F: {{ x }} {% y %} "z" \\',
    parameters: {
      type: "object",
      properties: {
        city: { type: "string", description: "Where" },
        unit: { type: "string", enum: ["C", "F", 1, true] },
        days: { type: "array", items: { type: "integer" }, description: "When" },
        near: { type: ["boolean", "null"] },
      },
      required: ["city"],
    },
  },
};
const BARE = { name: "now" }; // no wrapper, no description, no parameters
const TOOLS = [WEATHER, BARE];

const ONE = [user("How do I list images?"), answer("docker images")];
const TWO = [...ONE, user(" And\nstop one?\n"), answer("  docker stop web\n")];
const THOUGHT = "<think>\nIt runs.\n</think>\n\n";
const USE = [
  user("Is it warm?"),
  calls(call("weather", { city: "Köln", days: [1, 2], near: null, at: { lat: 50.9, ok: true } })),
  result('{"t": 21}'),
  answer("Yes, 21 °C."),
];

/** By what they show. */
export const CHATS: Record<string, Chat> = {
  "one turn": { messages: ONE },
  "several turns with white space": { messages: TWO },
  "a system prompt": { messages: [system("Be brief."), ...ONE] },
  "a system prompt and several turns": { messages: [system(" Be brief.\n"), ...TWO] },
  "signs of Jinja, quotes and backslashes": {
    messages: [
      system("{{ bos_token }} {% raw %} {# c #} 'a' \"b\" \\n \\"),
      user("$& {{content}} {%- x -%} '\\'"),
      answer("{{content}} é 日本 \u{1F600} \t."),
    ],
  },
  "text in parts": {
    messages: [user([{ type: "text", text: "a" }, { type: "text", text: "b" }]), answer([{ type: "text", text: "c" }])],
  },
  "thoughts in every answer": {
    messages: [ONE[0], answer(`${THOUGHT}docker images`), TWO[2], answer(`${THOUGHT}docker stop`)],
  },
  "a thought in the first answer": { messages: [ONE[0], answer(`${THOUGHT}docker images`), ...TWO.slice(2)] },
  "a thought that does not end": { messages: [ONE[0], answer("<think>\nIt"), ...TWO.slice(2)] },
  "a thought with marks only": { messages: [ONE[0], answer("a </think> b <think> c"), ...TWO.slice(2)] },
  "the end of a thought that the prompt opened": {
    messages: [ONE[0], answer("It runs.\n</think>\n\ndocker images"), ...TWO.slice(2)],
  },
  "a thought of its own": { messages: [ONE[0], answer("docker images", { reasoning_content: " It runs.\n" })] },
  "tools that are not called": { messages: ONE, tools: TOOLS },
  "tools and a system prompt": { messages: [system("Be brief."), ...TWO], tools: TOOLS },
  "a call": { messages: USE, tools: TOOLS },
  "a call with its arguments as text": {
    messages: [USE[0], calls(call("weather", '{"city": "Köln", "days": [1, 2]}')), ...USE.slice(2)],
    tools: TOOLS,
  },
  "calls without arguments": {
    messages: [USE[0], calls(call("now", {}), call("now", "")), ...USE.slice(2)],
    tools: [BARE],
  },
  "a system prompt, several calls and another question": {
    messages: [
      system("Be brief."),
      USE[0],
      calls(call("weather", { city: "Köln" }), { name: "now", arguments: { "a'b": '\\ "x"\n' } }),
      result("21"),
      answer("Yes."),
      ...USE,
    ],
    tools: TOOLS,
  },
  "a call in the last answer": { messages: [USE[0], USE[1]], tools: TOOLS },
  "a call with a thought": {
    messages: [USE[0], { ...USE[1], reasoning_content: "Ask." }, ...USE.slice(2)],
    tools: TOOLS,
  },
  "text beside a call": { messages: [USE[0], { ...USE[1], content: "I look." }, ...USE.slice(2)], tools: TOOLS },
  "text and a thought beside a call": {
    messages: [USE[0], { ...USE[1], content: "I look.", reasoning_content: "Ask." }, ...USE.slice(2)],
    tools: TOOLS,
  },
  "results of two calls": {
    messages: [
      USE[0],
      calls(call("weather", { city: "Köln" }), call("now", {})),
      result(" 21\n"),
      result("noon"),
      answer("Yes."),
    ],
    tools: TOOLS,
  },
  "a tool's result first": { messages: [system("Be brief."), result("21"), answer("It is warm.")] },
};

/** The templates, and settings that change how they write. */
export const VARIANTS: Record<string, Template> = {
  ...TEMPLATES,
  ...Object.fromEntries(
    [true, false, null].flatMap((enableThinking) =>
      [true, false].map((preserveThinking) => [
        `qwen3 with enableThinking ${enableThinking}, preserveThinking ${preserveThinking}`,
        { ...TEMPLATES.qwen3, enableThinking, preserveThinking },
      ])
    ),
  ),
  ...Object.fromEntries(
    Object.keys(TOOL_FORMATS).map((toolFormat) => [`chatml with the tools of ${toolFormat}`, {
      ...TEMPLATES.chatml,
      toolFormat,
    }]),
  ),
  "an end that is learned only": { ...TEMPLATES.chatml, efficientEos: true },
  "a system block that is always there": { ...TEMPLATES.chatml, alwaysSystem: true },
  ...Object.fromEntries((["both", "start", "end"] as const).map((side) => [`white space is removed: ${side}`, {
    ...TEMPLATES.llama3,
    trims: { system: side, user: side, assistant: side, observation: side },
  }])),
  "the system prompt in the last question": { ...TEMPLATES.mistral, systemInUser: "last" },
  ...Object.fromEntries([true, false, null].flatMap((enableThinking) => [
    [`prompts that open the thought, enableThinking ${enableThinking}`, {
      ...TEMPLATES.qwen3,
      opensThought: "open",
      enableThinking,
    }],
    [`thoughts that are only dropped, enableThinking ${enableThinking}`, {
      ...TEMPLATES.qwen3,
      fillsThought: "none",
      keepsBreaks: true,
      enableThinking,
    }],
  ])),
  "thoughts in all answers": { ...TEMPLATES.qwen3, fillsThought: "all" },
  "prompts with an empty thought": { ...TEMPLATES.qwen3, opensThought: "empty" },
  "something else without a system prompt": { ...TEMPLATES.qwen, defaultSystem: "", withoutSystem: [BOS, "none'\n"] },
  "a default system prompt inside of the question": { ...TEMPLATES.llama2, defaultSystem: "{%- 'a' -%}\n" },
};

/** What of a conversation is read before its last answer. */
export function prompted(chat: Chat): Chat {
  return { ...chat, messages: chat.messages.slice(0, -1) };
}

/** A conversation as ftx reads it from a data file. */
export function readConversation({ messages, tools }: Chat): Conversation {
  return readChat({ messages, tools }, "messages", { tools: "tools" }, OPENAI_TAGS);
}

/** The text of the ids that are learned from a conversation. */
export async function learned(
  chat: Chat,
  template: Template,
  tokenizer: Tokenizer,
  maskHistory = false,
): Promise<string> {
  const options = { cutoffLen: 1 << 20, maskHistory };
  const [made] = await encodeConversations([readConversation(chat)], template, tokenizer, options);
  if ("dropped" in made) throw new Error(made.dropped);
  return await tokenizer.decode(made.ids);
}

/** The text of the ids from which the last answer is made. */
export async function asked(chat: Chat, template: Template, tokenizer: Tokenizer): Promise<string> {
  const whole = readConversation(chat);
  return await tokenizer.decode(
    await encodePrompt(template, tokenizer, { ...whole, messages: whole.messages.slice(0, -1) }),
  );
}
