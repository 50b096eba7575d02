// How the unpacked program is started, behind the launcher and by `deno compile`.
import type { Start } from "./payload.ts";

// A tokenizer's or a template's regular expression may backtrack for minutes; V8 then takes its linear engine instead.
const V8 = "--v8-flags=--enable-experimental-regexp-engine-on-excessive-backtracks";

/** Settings of both ways: every permission, no type check, no prompt. */
export const RUNTIME_FLAGS = ["-A", "--no-check", V8];

/** What the launcher executes: the runtime with the program. Nothing outside the unpacked folder is looked up. */
export const START: Start = {
  run: [
    "{root}/deno",
    "run",
    ...RUNTIME_FLAGS,
    "--cached-only",
    "--no-lock",
    "--config={root}/deno.json",
    "{root}/main.ts",
  ],
  env: {
    DENO_DIR: "{root}/state", // compiled code is kept there; where it cannot be written, starts take longer
    DENO_NO_PACKAGE_JSON: "1", // one in a folder above is not ours
    DENO_NO_UPDATE_CHECK: "1",
  },
};
