import { CONTENT, EOS, template } from "./template.ts";

/** Stanford Alpaca. https://github.com/tatsu-lab/stanford_alpaca */
export const alpaca = template({
  name: "alpaca",
  user: [`### Instruction:\n${CONTENT}\n\n### Response:\n`],
  assistant: [CONTENT, EOS, "\n\n"],
  defaultSystem: "Below is an instruction that describes a task. " +
    "Write a response that appropriately completes the request.\n\n",
});
