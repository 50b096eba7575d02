// Chat templates in the styles of published models, each with what it is known for.

const turn = "{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}";
const header = "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
const loop = (body: string, before = "", after = header) =>
  `${before}{% for m in messages %}${body}{% endfor %}${after}`;
/** A loop in which `c` is the content and `m` the message. */
const each = (content: string, body: string, before = "", after = header) =>
  loop(`{% set c = ${content} %}${body}`, before, after);
const spoken = "{{ '<|im_start|>' + m.role + '\\n' + c + '<|im_end|>\\n' }}";
const systemApart =
  "{% set s = '' %}{% if messages[0].role == 'system' %}{% set s = messages[0].content + '\\n\\n' %}" +
  "{% set messages = messages[1:] %}{% endif %}";
const inst = (system: string) =>
  "{% if m.role == 'user' %}{{ '[INST] ' + " + system + " + m.content + ' [/INST]' }}" +
  "{% else %}{{ ' ' + m.content + eos_token }}{% endif %}";
const dropped = "(m.content.split('</think>')[-1] if m.role == 'assistant' else m.content)";

/** A style, and the kinds of conversations in which ftx says that it writes in another way. */
export interface Style {
  readonly source: string;
  readonly differs?: readonly string[];
  /** Notes of other kinds, word by word. */
  readonly notes?: readonly string[];
}

/** Every style can be followed, but for what `differs` names. */
export const STYLES: Record<string, Style> = {
  "turns": { source: loop(turn) },
  "turns after BOS": { source: loop(turn, "{{ bos_token }}") },
  "trimmed": { source: each("m.content | trim", spoken, "{{ bos_token }}") },
  "trimmed at the start": { source: each("m.content.lstrip()", spoken) },
  "trimmed at the end": { source: each("m.content.rstrip()", spoken) },
  "questions trimmed": { source: each("m.content | trim if m.role == 'user' else m.content", spoken) },
  "line breaks trimmed": {
    source: each("m.content.strip('\\n')", spoken),
    differs: ["line breaks around an answer"],
  },
  "a default system prompt": {
    source: loop(
      "{% if loop.first and m.role != 'system' %}{{ '<|im_start|>system\\nYou are kind.<|im_end|>\\n' }}{% endif %}" +
        turn,
    ),
  },
  "a preamble that a system prompt replaces": {
    source: loop(turn, "{% if messages[0].role != 'system' %}{{ 'Rules:\\nnone\\n' }}{% endif %}"),
  },
  "no system prompts, another name for the model, trimmed": {
    source: each(
      "m.content | trim",
      "{% if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}" +
        "{{ '<start_of_turn>' + ('model' if m.role == 'assistant' else m.role) + '\\n' + c + '<end_of_turn>\\n' }}",
      "{{ bos_token }}",
      "{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}",
    ),
    notes: ["the tokenizer's chat template takes no system prompt: ftx writes it in front of the first question"],
  },
  "system prompts are left out": {
    source: loop(`{% if m.role != 'system' %}${turn}{% endif %}`),
    notes: ["the tokenizer's chat template takes no system prompt: ftx writes it in front of the first question"],
  },
  "a default system prompt in the first question": {
    source: loop(
      "{% set first = '<<SYS>>\n' + s + '\n<</SYS>>\n\n' if loop.first else '' %}{{ bos_token if m.role == 'user' else '' }}" +
        inst("first"),
      "{% set s = 'You are kind.' %}{% if messages[0].role == 'system' %}{% set s = messages[0].content %}" +
        "{% set messages = messages[1:] %}{% endif %}",
      "",
    ),
  },
  "the system prompt in the first question": {
    source: loop(
      "{% set first = s if loop.first else '' %}{{ bos_token if m.role == 'user' else '' }}" + inst("first"),
      systemApart,
      "",
    ),
  },
  "the system prompt in the last question": {
    source: loop(
      "{% set here = s if loop.revindex0 < 2 and m.role == 'user' else '' %}" + inst("here"),
      "{{ bos_token }}" + systemApart,
      "",
    ),
  },
  "the system prompt in the last message, if that is a question": {
    source: loop("{% set here = s if loop.last else '' %}" + inst("here"), "{{ bos_token }}" + systemApart, ""),
    differs: ["a system prompt and an answer"],
  },
  "a bare system prompt, EOS at the end of answers": {
    source: loop(
      "{% if m.role == 'system' %}{{ m.content }}{% elif m.role == 'user' %}{{ '<|User|>' + m.content }}" +
        "{% else %}{{ '<|Assistant|>' + m.content + eos_token }}{% endif %}",
      "{{ bos_token }}",
      "{% if add_generation_prompt %}{{ '<|Assistant|>' }}{% endif %}",
    ),
  },
  "an EOS behind everything": {
    source: loop(
      turn,
      "",
      "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% else %}{{ eos_token }}{% endif %}",
    ),
  },
  "headers of ordinary text and no end": {
    source: loop(
      "{{ ('User: ' if m.role == 'user' else 'Falcon:' if m.role == 'assistant' else 'System: ') + m.content + '\\n' }}",
      "",
      "{% if add_generation_prompt %}{{ 'Falcon:' }}{% endif %}",
    ),
  },
  "a prefix of other marks": {
    source: loop(
      "{{ '<|' + m.role + '|>\\n' + m.content }}",
      "[gMASK]<sop>",
      "{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}",
    ),
  },
  "the day": {
    source: loop(
      "{% if m.role != 'system' %}" + turn + "{% endif %}",
      "{{ '<|im_start|>system\\nToday: ' + strftime_now('%d %b %Y') + '\\n' }}" +
        "{% if messages[0].role == 'system' %}{{ messages[0].content }}{% endif %}{{ '<|im_end|>\\n' }}",
    ),
    notes: ["the tokenizer's chat template writes the day: ftx always writes 26 Jul 2024"],
  },
  "thoughts that every answer loses": { source: each(dropped, spoken), differs: ["a thought"] },
  "thoughts that earlier answers lose": {
    source: each(`m.content if loop.last else ${dropped}.lstrip('\\n')`, spoken),
  },
  "thoughts that earlier answers lose, and an empty one in the last": {
    source: each(
      `m.content if loop.last else ${dropped}.lstrip('\\n')`,
      "{% if m.role == 'assistant' and loop.last and '</think>' not in c %}" +
        "{% set c = '<think>\\n\\n</think>\\n\\n' + c.lstrip('\\n') %}{% endif %}" + spoken,
    ),
  },
  "thoughts in all answers": {
    source: each(
      "m.content",
      "{% if m.role == 'assistant' and '</think>' not in c %}" +
        "{% set c = '<think>\\n\\n</think>\\n\\n' + c.lstrip('\\n') %}{% endif %}" + spoken,
    ),
  },
  "prompts that open a thought": {
    source: each(
      `m.content if loop.last else ${dropped}.lstrip('\\n')`,
      spoken,
      "",
      "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n<think>\\n' }}{% endif %}",
    ),
    differs: ["an answer"],
  },
  "prompts with an empty thought": {
    source: each(
      `m.content if loop.last else ${dropped}.lstrip('\\n')`,
      "{% if m.role == 'assistant' and loop.last and '</think>' not in c %}" +
        "{% set c = '<think>\\n\\n</think>\\n\\n' + c.lstrip('\\n') %}{% endif %}" + spoken,
      "",
      "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n<think>\\n\\n</think>\\n\\n' }}{% endif %}",
    ),
  },
  "empty answers are left out": {
    source: loop("{% if m.content or m.role != 'assistant' %}" + turn + "{% endif %}"),
    differs: ["an empty answer"],
  },
  "quotes around white space": {
    source: each(
      "'_' + m.content.strip() + '_' if m.content != m.content.strip() and m.role == 'user' else m.content",
      spoken,
    ),
    differs: ["white space around a question"],
  },
};

/** Styles that slots cannot follow, with the reason. */
export const BEYOND: Record<string, { source: string; reason: string }> = {
  "it leaves out answers": {
    source: loop("{% if m.role == 'user' %}{{ m.content }}{% endif %}"),
    reason: "it leaves out a message",
  },
  "an end that depends on what follows": {
    source: loop("{{ '<' + m.role + '>' + m.content + ('</end>' if loop.last else '</turn>') }}", "", "<assistant>"),
    reason: "the end of an answer depends on what follows",
  },
  "numbered turns": {
    source: loop(
      "{% if m.role == 'user' %}{{ '[Round ' ~ loop.index ~ ']\\n' + m.content + '\\nA: ' }}{% else %}{{ m.content + '\\n' }}{% endif %}",
      "",
      "",
    ),
    reason: "the first question has another header than later ones",
  },
  "an error of its own": {
    source: "{{ raise_exception('Not for chat') }}",
    reason: 'it refuses an ordinary conversation ("Not for chat")',
  },
  "no Jinja": {
    source: "{% for %}",
    reason: 'the Jinja interpreter says "Unexpected token: CloseStatement"',
  },
  "a macro that calls itself": {
    source: "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
    reason: 'the Jinja interpreter says "Cannot call something that is not a function: got UndefinedValue"',
  },
  "a text that doubles": {
    source: "{% set n = namespace(x='ab') %}{% for i in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}{{ n.x }}",
    reason: "it makes a text or a list that is too long",
  },
  "nested brackets": {
    source: "{{ " + "(".repeat(100000) + "1" + ")".repeat(100000) + " }}",
    reason: "it is nested too deeply, or calls itself without end",
  },
  "another prompt for several turns": {
    source: loop(turn, "{{ 'Many turns\\n' if messages | length > 2 else '' }}"),
    reason:
      'with several turns it writes "Many turns\\n<|im_start|>user\\nXque…", and ftx "<|im_start|>user\\nXquestionone<|i…"',
  },
};
