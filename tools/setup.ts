// Sets up a clone: fetches the packages, generates the operators, then does what `ftx setup` does. Every task that needs the
// shim runs it first.
//
//   deno task setup            does what is needed
//   deno task setup --fetch    uses ftx's own libtorch, even if another one was found
//   deno task shim             compiles against the libtorch that is found, downloads nothing

import { fetchPackages } from "./packages.ts";

await fetchPackages();
// Not a plain path: Deno would resolve that, with all packages behind it, before the first line here runs.
await import(new URL("set_up.ts", import.meta.url).href);
