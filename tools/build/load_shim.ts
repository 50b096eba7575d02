// Exits with 0 if a shim loads with its libtorch: load_shim.ts LIBTORCH SHIM
import { openLibtorch } from "../../src/libtorch/mod.ts";

const [libtorch, shim] = Deno.args;
openLibtorch(libtorch);
Deno.dlopen(shim, {});
