import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { FtxError } from "../../src/errors.ts";

/** How the file is made: with `deno compile`, with ftx's own launcher, or "auto", the first if it works. */
export type Way = "auto" | "compile" | "launcher";

/** The options of `deno task build`. */
export interface BuildOptions {
  /** Folders of libtorchs with different minor versions. Empty: the libtorch in use. */
  libtorchs: string[];
  /** The file to make. Default: dist/ftx. */
  out: string;
  way: Way;
  /** The compression level of zstd, 1 to 19. Default: 19, which takes a minute; 3 takes a second, for a file a fifth larger. */
  level: number;
}

/** Reads the arguments of `deno task build`. Throws an `FtxError` for unknown ones. */
export function readOptions(args: string[], root: string): BuildOptions {
  const { libtorch, out, way, level } = parse(args);
  if (way !== "auto" && way !== "compile" && way !== "launcher") {
    throw new FtxError(`Cannot build with --way "${way}": choose one of auto, compile, launcher`);
  }
  if (!/^([1-9]|1\d)$/.test(level)) throw new FtxError(`Cannot build with --level "${level}": choose 1 to 19`);
  return { libtorchs: libtorch.map((folder) => resolve(folder)), out: resolve(root, out), way, level: Number(level) };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        libtorch: { type: "string", multiple: true, default: [] },
        out: { type: "string", default: "dist/ftx" },
        way: { type: "string", default: "auto" },
        level: { type: "string", default: "19" },
      },
    }).values;
  } catch (error) {
    const reason = (error as Error).message.split(". ")[0];
    throw new FtxError(
      `Cannot build: ${reason}; use --libtorch DIR (repeated), --out FILE, --way auto|compile|launcher, --level 1…19`,
    );
  }
}
