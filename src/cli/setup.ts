import { FtxError } from "../errors.ts";
import { driverCuda } from "../libtorch/mod.ts";
import { setup } from "../setup/mod.ts";
import type { About } from "./commands.ts";
import { print } from "./output.ts";
import { plainOptions } from "./plain_options.ts";

/** The flags of the command and what each does. */
export const FLAGS = {
  "--cpu": "Use the CPU build of libtorch, even if there is a GPU",
  "--cuda": "Use the CUDA build, even if there is no NVIDIA driver yet",
  "--fetch": "Download ftx's own libtorch, even if another one is found",
  "--libtorch-version <x.y.z>": "Version of libtorch, instead of the one that ftx is tested with",
  "--index-url <url>": "Package index to download from, instead of the one in pip's configuration",
  "--json": "Print what ftx will use as JSON",
};

/** `ftx setup`: finds or fetches libtorch, chooses or compiles the shim, and says what is in use. */
export async function run(args: string[], name: string, about: About) {
  const given = plainOptions(args, { name, about, flags: FLAGS });
  if (given === undefined) return;
  if (given.cpu && given.cuda) throw new FtxError("Cannot use --cpu with --cuda: choose one");
  const build = given.cpu ? "cpu" : given.cuda ? "cuda" : undefined;
  const { libtorch, shim } = await setup({
    source: given.fetch ? "fetch" : "any",
    build,
    version: given.libtorchVersion as string | undefined,
    indexUrl: given.indexUrl as string | undefined,
  });
  if (given.json) return await print(JSON.stringify({ libtorch, shim }, undefined, 2));
  const { root, version, cuda, why, warning } = libtorch;
  await print(
    `ftx is set up: libtorch ${version} (${cuda ? `CUDA ${cuda}` : "CPU"}) of ${why}, in "${root}"; ` +
      `the shim is the one of ${shim.why}`,
  );
  if (warning) console.error(`warning: ${warning}`);
  const forced = ["FTX_LIBTORCH", "LIBTORCH"].find((name) => Deno.env.get(name));
  if (forced && why !== forced) console.error(`note: ${forced} is set and goes first; unset it to use this one`);
  if (!cuda && build !== "cpu" && driverCuda()) {
    console.error('note: this libtorch cannot use the GPU of this machine; "ftx setup --cuda" gets one that can');
  }
}
