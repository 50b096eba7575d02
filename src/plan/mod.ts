/** How much memory and work a run takes, known before anything is loaded: arithmetic only, no tensors. */
export { type Advice, adviceFor, needed } from "./advice.ts";
export { type Estimate, estimate } from "./estimate.ts";
export { type Facts, type Load, type NumberType, type PlanSettings, tokensOf } from "./facts.ts";
export { type ByKind, type Kind, KINDS } from "./ledger.ts";
export { parametersOf, sizeOf } from "./parameters.ts";
export { planJson } from "./json.ts";
export { type Probed, table } from "./table.ts";
export { advised, change, forewords, outlook, type Room, size } from "./text.ts";
export { modulesOf, trainedOf } from "./trained.ts";
