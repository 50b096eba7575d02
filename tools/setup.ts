// Sets up a clone: generates the operators, then does what `ftx setup` does. Every task that needs the shim runs it first.
// The packages are there by then: `deno task` fetches all of deno.lock before any task, and tasks use Deno's cache alone.
//
//   deno task setup            does what is needed
//   deno task setup --fetch    uses ftx's own libtorch, even if another one was found
//   deno task shim             compiles against the libtorch that is found, downloads nothing

import { FtxError } from "../src/errors.ts";
import { driverCuda } from "../src/libtorch/mod.ts";
import { setup } from "../src/setup/mod.ts";
import { generate } from "./gen.ts";

try {
  generate(); // writes only what changed
  const source = Deno.args.includes("--fetch") ? "fetch" : Deno.args.includes("--shim") ? "local" : "any";
  const { libtorch: { root, version, cuda, why, warning } } = await setup({ source });
  console.error(`ftx is set up: libtorch ${version} (${cuda ? `CUDA ${cuda}` : "CPU"}) from ${why}, in "${root}"`);
  if (warning) console.error(`warning: ${warning}`);
  if (!cuda && driverCuda()) {
    console.error(
      'note: this libtorch cannot use the GPU of this machine; "deno task setup --fetch" fetches one that can',
    );
  }
} catch (error) {
  if (!(error instanceof FtxError)) throw error;
  console.error(error.message);
  Deno.exit(error.exitCode);
}
