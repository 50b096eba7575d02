// The engine: batches, a loss, an optimizer, and the steps they make. Knows no recipe and no folder.
export { evaluate, type Evaluated } from "./evaluate.ts";
export { Feed } from "./feed.ts";
export { type Inputs, inputsOf } from "./inputs.ts";
export { type Done, type LoopOptions, train } from "./loop.ts";
export { type Judge, metricsOf, type Objective, type Outcome, type Share } from "./objective.ts";
export { randomStates, setRandomStates } from "./random.ts";
export { ALONE, type Ranks } from "./ranks.ts";
export { Rate } from "./rate.ts";
export { epochAt, inSteps, planSteps, type StepPlan, type StepSettings, stepsOf } from "./steps.ts";
