import { EXACT, follow } from "./curves.ts";

for (const name of EXACT) {
  Deno.test(`30 steps equal HF Trainer's to 1e-4: ${name}`, () => follow(name, 1e-4));
}
// How each operator rounds to bf16 differs; the Trainer's own fp32 run is as far from its bf16 run.
for (const name of ["full_bf16", "lora_bf16"]) {
  Deno.test(`30 steps in bf16 stay within 1 % of HF Trainer's: ${name}`, () => follow(name, 1e-2));
}
