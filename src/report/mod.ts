/** Readers of a run's numbers. */
export type * from "./lines.ts";
export { type Logging, Reporter, type ReportState } from "./reporter.ts";
export { readTrainerState, type StateSettings, trainerState } from "./trainer_state.ts";
