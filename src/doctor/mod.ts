/** The checks of `ftx doctor`. Nothing here loads libtorch, the shim or the tokenizer into this process. */
export { canRun, examine, report } from "./doctor.ts";
export type { Finding, State } from "./finding.ts";
export { look, LOOKS } from "./look.ts";
