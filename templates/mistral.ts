import { BOS, CONTENT, EOS, template } from "./template.ts";

/** Mistral 7B Instruct and its successors up to Mixtral. https://arxiv.org/abs/2310.06825 */
export const mistral = template({
  name: "mistral",
  prefix: [BOS],
  system: [`${CONTENT}\n\n`],
  user: [`[INST] ${CONTENT}[/INST]`],
  assistant: [` ${CONTENT}`, EOS],
  observation: [`[TOOL_RESULTS] {"content": ${CONTENT}}[/TOOL_RESULTS]`],
  betweenResults: '}[/TOOL_RESULTS][TOOL_RESULTS] {"content": ',
  function: [`[TOOL_CALLS] ${CONTENT}`, EOS],
  toolFormat: "mistral",
  systemInUser: "first",
});
