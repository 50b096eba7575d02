// The engine: batches, a loss, an optimizer, and the steps they make. Knows no recipe and no folder.
export { evaluate, type Evaluated } from "./evaluate.ts";
export { Feed } from "./feed.ts";
export { type Done, train } from "./loop.ts";
export { languageModelling, type Objective } from "./objective.ts";
export { randomStates, setRandomStates } from "./random.ts";
export { Rate } from "./rate.ts";
export { epochAt, planSteps, type StepPlan, type StepSettings, stepsOf } from "./steps.ts";
