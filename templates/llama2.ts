import { BOS, CONTENT, template } from "./template.ts";

/** Llama 2 Chat: the system prompt is inside the first question. https://arxiv.org/abs/2307.09288 */
export const llama2 = template({
  name: "llama2",
  system: [`<<SYS>>\n${CONTENT}\n<</SYS>>\n\n`],
  user: [BOS, `[INST] ${CONTENT} [/INST]`],
  systemInUser: "first",
});
