/** Downloads that resume and are verified, locks between processes, and work in parallel. Knows nothing of models. */
export { Client, type ClientOptions, type RetryOptions } from "./client.ts";
export { download, type OnBytes, type Wanted } from "./download.ts";
export { NetFailure } from "./failure.ts";
export { Lock } from "./lock.ts";
export { parallel } from "./parallel.ts";
