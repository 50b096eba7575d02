// The lines of a chat template that treat reasoning. `said` is what an answer says.
import type { Template } from "../template.ts";
import { quote, say } from "./quote.ts";

/** Whether the model thinks: as it learned, unless whoever renders says otherwise. */
export function thinking({ enableThinking, opensThought }: Template): string {
  const usual = opensThought === "empty" && enableThinking === true ? null : enableThinking;
  return `{%- set thinking = enable_thinking if enable_thinking is defined else ${usual ?? "none"} %}`;
}

/** In a prompt, and with `lastOnly` before the last answer too, earlier answers have lost their reasoning. */
export function withoutThought(template: Template, lastOnly: boolean): string[] {
  const { thoughtWords, preserveThinking, keepsBreaks } = template;
  const [open, close] = thoughtWords.map((word) => quote(word.trim()));
  const stripped = keepsBreaks ? "" : ".lstrip('\\n')";
  return [
    `{%- set past = add_generation_prompt${lastOnly ? " or not loop.last" : ""} %}`,
    `{%- if ${preserveThinking ? "thinking is false" : "thinking is false or past"} %}`,
    `{%- set pieces = said.split(${open}, 1) %}`,
    `{%- if pieces | length > 1 and ${close} in pieces[1] %}`,
    `{%- set said = (pieces[0] + pieces[1].split(${close}, 1)[1])${stripped} %}`,
    `{%- elif pieces | length == 1 and ${close} in said %}`,
    `{%- set said = said.split(${close}, 1)[1]${stripped} %}`,
    "{%- endif %}",
    "{%- endif %}",
  ];
}

/** An empty thought in front of an answer that has none, where the template writes one. */
export function withEmptyThought({ thoughtWords, fillsThought }: Template): string[] {
  const [open, close] = thoughtWords.map((word) => quote(word.trim()));
  const which = { none: "not past and thinking is not true and ", last: "not past and ", all: "" }[fillsThought];
  return [
    `{%- if ${which}${open} not in said and ${close} not in said %}`,
    say(thoughtWords.join("")),
    "{%- set said = said.lstrip('\\n') %}",
    "{%- endif %}",
  ];
}

/** What of a thought a prompt ends with. */
export function promptedThought({ thoughtWords, opensThought }: Template): string[] {
  const opened = opensThought === "open" ? ["{%- else %}", say(thoughtWords[0])] : [];
  return ["{%- if not thinking %}", say(thoughtWords.join("")), ...opened, "{%- endif %}"];
}
