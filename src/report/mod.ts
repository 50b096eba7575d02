/** What a run says about itself: lines for readers, and the readers. */
export { drawChart } from "./chart.ts";
export { readLines } from "./line_file.ts";
export * from "./lines.ts";
export { openReporter, type ReportSettings } from "./open.ts";
export { type Output, standard } from "./output.ts";
export { type Logging, Reporter } from "./reporter.ts";
export { readTrainerState, type StateSettings, trainerState } from "./trainer_state.ts";
export { Waiting } from "./waiting.ts";
