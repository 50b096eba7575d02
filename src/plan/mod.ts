/** How much memory and work a run takes, known before anything is loaded, by a dry run of its own code. */
export { type Advice, adviceFor, needed } from "./advice.ts";
export { type Estimate, estimate, type Planned } from "./estimate.ts";
export { forecast, type Known, refuseImpossible, roomOn } from "./forecast.ts";
export { planJson } from "./json.ts";
export { type Probed, table } from "./table.ts";
export { advised, change, forewords, outlook, type Room, size } from "./text.ts";
export { type Load, tokensOf, type Work } from "./work.ts";
