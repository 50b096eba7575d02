// How gradients become new weights, and how fast.
export { LossScale, type LossScaleState } from "./loss_scale.ts";
export { type Named, Optimizer, type OptimizerFacts, type OptimizerOptions } from "./optimizer.ts";
export { decays, type Group, type Grouping, OPTIMIZERS, uniform } from "./optimizers.ts";
export { METRIC_SCHEDULES, type MetricSchedule, metricSchedule } from "./plateau.ts";
export type { Item, OnDevice, Rates, RawItem, Rule, RuleState } from "./rule.ts";
export { adamw, type AdamWOptions } from "./rules/adamw.ts";
export { lion, type LionOptions } from "./rules/lion.ts";
export { sgd, type SgdOptions } from "./rules/sgd.ts";
export { type Schedule, schedule, warmupSteps } from "./schedule.ts";
