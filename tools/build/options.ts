import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { FtxError } from "../../src/errors.ts";

/** How the one file is made: by `deno compile`, behind ftx's own launcher, or the first where it can be had. */
export type Way = "auto" | "compile" | "launcher";

/** What `deno task build` was asked for. */
export interface BuildOptions {
  /** Folders of libtorchs, each of another minor version; none: the libtorch at hand. */
  libtorchs: string[];
  /** The file to make. Default: dist/ftx. */
  out: string;
  way: Way;
  /** How hard zstd tries, 1 to 19. Default: 19, a minute for the runtime; 3 takes a second and gives a file a fifth larger. */
  level: number;
}

/** Reads the arguments of `deno task build`. Throws an `FtxError` for what it does not know. */
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
