import type { Call } from "../../../../templates/mod.ts";
import type { Conversation, Message, Role } from "../../formats/conversation.ts";

/** Words that no template contains, one for each place in the conversations that are rendered. */
export const WORDS = {
  question: "Xquestionone",
  answer: "Xanswerone",
  next: "Xquestiontwo",
  last: "Xanswertwo",
  system: "Xsystem",
  thought: "Xthought",
  result: "Xresultone",
} as const;

/** A conversation; with `prompt` it ends with a question or a tool's result, and the next answer is opened. */
export interface Probe {
  readonly conversation: Conversation;
  readonly prompt: boolean;
}

export const TOOL_CALL: Call = { name: "Xtool", arguments: { Xkey: "Xvalue", other: [1, null, true] } };
export const SECOND_RESULT = "Xresulttwo";

const { question, answer, next, last, system, thought, result } = WORDS;
const says = (role: Role) => (content: string): Message => ({ role, content });
const [user, assistant, observation] = [says("user"), says("assistant"), says("observation")];
const thoughtful = `<think>\n${thought}\n</think>\n\n`;
const calling = (content = "", times = 1): Message => ({
  role: "function",
  content,
  calls: JSON.stringify(Array(times).fill(TOOL_CALL)),
});
const tools = JSON.stringify([
  {
    type: "function",
    function: {
      name: "Xtool",
      description: "Xdescription",
      parameters: {
        type: "object",
        properties: { Xkey: { type: "string", description: "Xargument" }, other: { type: "array" } },
        required: ["Xkey"],
      },
    },
  },
  {
    type: "function",
    function: { name: "Xsecond", description: "Xd", parameters: { type: "object", properties: {} } },
  },
]);

/** A prompt if it ends with a question or a result, else a whole conversation. */
function probe(messages: Message[], more: Omit<Conversation, "messages"> = {}): Probe {
  return { conversation: { ...more, messages }, prompt: messages.length % 2 === 1 };
}

const ask = user(question);
const pair = [ask, assistant(answer)];
const turns = [...pair, user(next)];
const spaced = (word: string) => ` \n ${word} \n `;
const used = [ask, calling(), observation(result)];

/** What is tried, by what it shows. */
export const PROBES = {
  question: [probe([ask])],
  pair: [probe(pair)],
  turns: [probe(turns), probe([...turns, assistant(last)])],
  system: [probe([ask], { system })],
  systemAndTurns: [probe(turns, { system })],
  systemAndAnswer: [probe(pair, { system })],
  systemAndAnswers: [probe([...turns, assistant(last)], { system })],
  space: {
    system: [probe([ask], { system: spaced(system) })],
    user: [probe([user(spaced(question))]), probe([user(spaced(question)), ...turns.slice(1)])],
    assistant: [
      probe([ask, assistant(spaced(answer))]),
      probe([ask, assistant(spaced(answer)), user(next)]),
    ],
    observation: [probe([...used.slice(0, 2), observation(spaced(result))], { tools })],
  },
  breaks: [probe([ask, assistant(`\n\n${answer}\n\n`)])],
  emptyAnswer: [probe([ask, assistant("")])],
  emptyPastAnswer: [probe([ask, assistant(""), user(next)])],
  thought: [probe([ask, assistant(thoughtful + answer)])],
  pastThought: [probe([ask, assistant(thoughtful + answer), user(next)])],
  tools: [
    probe([ask], { tools }),
    probe(turns, { tools }),
    probe([ask], { tools, system }),
    probe(used, { tools }),
    probe([...used, assistant(answer)], { tools }),
    probe([...used, assistant(answer), user(next)], { tools, system }),
  ],
  call: [probe([ask, calling()], { tools })],
  result: [probe(used, { tools })],
  results: [
    probe([ask, calling("", 2), { role: "observation", content: result, moreResults: [SECOND_RESULT] }], { tools }),
  ],
  textAndCall: [probe([ask, calling(answer)], { tools })],
} as const satisfies Record<string, readonly Probe[] | Record<string, readonly Probe[]>>;
