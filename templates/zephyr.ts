import { CONTENT, EOS, template } from "./template.ts";

/** Zephyr 7B; its headers are ordinary text. https://arxiv.org/abs/2310.16944 */
export const zephyr = template({
  name: "zephyr",
  system: [`<|system|>\n${CONTENT}`, EOS],
  user: [`<|user|>\n${CONTENT}`, EOS, "<|assistant|>\n"],
  defaultSystem: "You are Zephyr, a helpful assistant.",
});
