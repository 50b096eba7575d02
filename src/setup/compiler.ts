import { FtxError } from "../errors.ts";

/** A C++ compiler on this machine. */
export interface Compiler {
  /** The program and its first arguments: ["ccache", "g++"]. */
  command: string[];
  /** What messages call it: "g++ 12.2.0". */
  name: string;
}

/** Thrown where no compiler can build the shim. `why` and `remedy` are the parts of the sentence. Exit code 2. */
export class NoCompilerError extends FtxError {
  override name = "NoCompilerError";
  constructor(readonly why: string, readonly remedy: string) {
    super(`Cannot compile the shim: ${why}; ${remedy}`);
  }
}

const INSTALL = 'install one with "apt-get install g++" (Debian, Ubuntu) or "dnf install gcc-c++" (Fedora, RHEL)';

/** The compiler named by `CXX`, or else g++. Throws a `NoCompilerError` that says how to install one. */
export async function findCompiler(cxx: string | undefined = Deno.env.get("CXX")): Promise<Compiler> {
  const command = (cxx?.trim() || "g++").split(/\s+/);
  const text = await versionText(command);
  if (text === undefined) {
    throw new NoCompilerError(`there is no C++ compiler "${command.join(" ")}"`, `${INSTALL}, or name yours in CXX`);
  }
  return { command, name: accept(command.join(" "), text) };
}

/** The compiler's name and version, from its answer to --version. Throws if it cannot build the shim. */
export function accept(command: string, versionText: string): string {
  const version = versionText.match(/\b(\d+)\.\d+(\.\d+)?\b/);
  const name = `${command} ${version?.[0] ?? "of unknown version"}`;
  if (/clang/i.test(versionText)) {
    // clang uses LLVM's OpenMP runtime, libtorch GNU's; two in one process compete for the cores.
    const why = `${name} does not use libtorch's OpenMP runtime, which is GNU's`;
    throw new NoCompilerError(why, `${INSTALL}, and name it in CXX`);
  }
  if (version && Number(version[1]) < 10) {
    throw new NoCompilerError(`${name} is older than version 10, which C++20 needs`, `${INSTALL}, and name it in CXX`);
  }
  return name;
}

async function versionText(command: string[]): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command(command[0], {
      args: [...command.slice(1), "--version"],
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout) : undefined;
  } catch {
    return undefined; // not on the PATH
  }
}
