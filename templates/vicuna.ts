import { CONTENT, template } from "./template.ts";

/** Vicuna 1.1 and later. https://lmsys.org/blog/2023-03-30-vicuna */
export const vicuna = template({
  name: "vicuna",
  user: [`USER: ${CONTENT} ASSISTANT:`],
  defaultSystem: "A chat between a curious user and an artificial intelligence assistant. " +
    "The assistant gives helpful, detailed, and polite answers to the user's questions.",
});
