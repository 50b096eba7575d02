import assert from "node:assert/strict";
import { z } from "zod";
import { dataSettings } from "../data/settings.ts";
import { optimizerSettings } from "../optim/settings.ts";
import { runSettings } from "../run/settings.ts";
import { setting } from "./setting.ts";
import { check } from "./value.ts";

const value = (schema: z.ZodType, given: unknown) => {
  const checked = check(schema, given);
  assert.equal(checked.problem, undefined);
  return (checked as { value: unknown }).value;
};
const problem = (schema: z.ZodType, given: unknown) => check(schema, given).problem;

Deno.test("check() reads numbers from text", () => {
  const rate = z.number().default(1);
  assert.equal(value(rate, "1e-4"), 1e-4);
  assert.equal(value(rate, "1.0e-4"), 1e-4);
  assert.equal(value(rate, "-3"), -3);
  assert.equal(value(rate, ".5"), 0.5);
  assert.equal(value(rate, "1_000"), 1000);
  assert.equal(problem(rate, "1e"), "it must be a number");
  assert.equal(problem(rate, ""), "it must be a number");
  assert.equal(problem(rate, Infinity), "it must be a number");
});

Deno.test("check() reads the words for true and false", () => {
  for (const word of [true, "true", "True", "yes", "on", "1", 1]) assert.equal(value(z.boolean(), word), true);
  for (const word of [false, "false", "no", "off", "0", 0]) assert.equal(value(z.boolean(), word), false);
  assert.equal(problem(z.boolean(), "maybe"), "it must be true or false");
});

Deno.test("check() reads lists from commas, brackets and single values", () => {
  const names = z.array(z.string()).default([]);
  assert.deepEqual(value(names, "a, b,,c"), ["a", "b", "c"]);
  assert.deepEqual(value(names, "[a,b]"), ["a", "b"]);
  assert.deepEqual(value(names, ["a,b", 3]), ["a,b", "3"]);
  assert.deepEqual(value(names, "all"), ["all"]);
  assert.deepEqual(value(z.array(z.number()), "0.2,0.8"), [0.2, 0.8]);
  assert.equal(problem(z.array(z.number()), "0.2,x"), "it must be a number");
});

Deno.test("check() takes null as left out, unless it means something", () => {
  assert.equal(value(z.int().default(8), null), 8);
  assert.equal(value(z.string().optional(), "null"), undefined);
  assert.equal(value(z.boolean().nullable().default(true), null), null);
});

Deno.test("check() takes synonyms of a choice, any case, and false for no", () => {
  const dtype = setting(z.enum(["fp32", "bf16"]), "Number type", { synonyms: { bfloat16: "bf16" } });
  assert.equal(value(dtype, "bfloat16"), "bf16");
  assert.equal(value(dtype, "FP32"), "fp32");
  assert.equal(value(z.enum(["no", "steps"]), false), "no");
  assert.equal(problem(dtype, "fp23"), 'choose one of fp32, bf16; did you mean "fp32"?');
});

Deno.test("check() reads unions and mappings", () => {
  const resume = z.union([z.boolean(), z.string()]).nullable().default(null);
  assert.equal(value(resume, "true"), true);
  assert.equal(value(resume, "runs/a/checkpoint-5"), "runs/a/checkpoint-5");
  const kwargs = z.record(z.string(), z.union([z.number(), z.boolean(), z.string()])).default({});
  assert.deepEqual(value(kwargs, '{"min_lr": "1e-6", "num_cycles": 2}'), { min_lr: 1e-6, num_cycles: 2 });
  assert.equal(problem(kwargs, "2"), 'it must be a mapping, such as {"num_cycles": 2}');
  assert.equal(value(z.union([z.literal(true), z.literal("gaussian")]), "true"), true);
  assert.equal(problem(z.union([z.literal(true), z.literal("gaussian")]), 4), "it must be true or gaussian");
});

Deno.test("check() says what a number must be", () => {
  assert.equal(problem(z.int().min(1), 0), "it must be at least 1");
  assert.equal(problem(z.int().min(1), 1.5), "it must be a whole number");
  assert.equal(problem(z.int().min(1), [1]), "it must be a whole number");
  assert.equal(problem(z.number().positive(), 0), "it must be more than 0");
  assert.equal(problem(z.number().lt(1), 1), "it must be less than 1");
  assert.equal(problem(z.number().max(1), 2), "it must be at most 1");
  assert.equal(problem(z.array(z.string()).min(1), []), "it must not be empty");
  assert.equal(problem(z.string(), { a: 1 }), "it must be text");
});

Deno.test("check() says what a setting's own rule says", () => {
  const { valSize } = dataSettings.shape, { warmupSteps } = optimizerSettings.shape, { reportTo } = runSettings.shape;
  const problems = [
    check(valSize, 1),
    check(valSize, 2.5),
    check(warmupSteps, 1.5),
    check(reportTo, "none,tensorboard"),
  ];
  assert.deepEqual(problems.map(({ problem }) => problem), [
    "1 is neither a fraction nor a useful count; use a number below 1, or 2 or more",
    "above 1 it counts examples; use a whole number",
    "from 1 up it counts steps; use a whole number",
    "none excludes every other; choose one",
  ]);
});
