/** Tries out, in a process of its own, what others wrote and what could crash or hang the process that uses it. */
export { type Subject, tryOut } from "./trial.ts";
export { READY } from "./confined.ts";
