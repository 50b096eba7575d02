/** Brings what a fresh machine lacks: libtorch from a package index, the shim from its sources. */
export { compileShim, planShim, type ShimPlan } from "./compile.ts";
export { type Compiler, findCompiler, NoCompilerError } from "./compiler.ts";
export { makeShim } from "./make_shim.ts";
export { earlierShim, ownShim } from "./own_shim.ts";
export { type Ready, setup, type SetupOptions } from "./setup.ts";
