// How gradients become new weights, and how fast.
export { AdamW, type AdamWOptions, decays, type Named } from "./adamw.ts";
export { LossScale, type LossScaleState } from "./loss_scale.ts";
export { METRIC_SCHEDULES, type MetricSchedule, metricSchedule } from "./plateau.ts";
export { type Schedule, schedule, warmupSteps } from "./schedule.ts";
