import { FtxError } from "../errors.ts";
import { findLibtorch } from "../libtorch/mod.ts";
import { findCompiler } from "../setup/mod.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import type { LibtorchSeen } from "./libtorch_look.ts";
import type { Looked } from "./look.ts";

/** libtorch: whether it is found and loads, its version and build, and why this one is used. */
export function libtorchFinding(looked: Looked<LibtorchSeen>, find = findLibtorch): Finding {
  if (looked.failure !== undefined) {
    if (looked.failure.startsWith("Cannot ")) return splitSentence("libtorch", looked.failure);
    const { version, root, why } = find(); // it was found: loading it crashed the process
    const text = `${version} in "${root}", from ${why}, does not load: ${looked.failure}`;
    return problem("libtorch", text, 'set FTX_LIBTORCH to another one, or run "ftx setup --fetch"', {
      version,
      root,
      why,
    });
  }
  const { libtorch: { version, cuda, root, why, warning: newer }, cuda: loads, cudaFailure } = looked.seen;
  const facts = { version, cuda, root, why };
  const text = `${version} (${cuda ? `CUDA ${cuda}` : "CPU"}) in "${root}", from ${why}`;
  if (cuda && !loads) {
    const remedy = 'install the NVIDIA libraries that it needs, or run "ftx setup --cuda"';
    return warning("libtorch", `${text}; its CUDA half does not load: ${cudaFailure}`, remedy, facts);
  }
  if (newer) {
    return warning("libtorch", `${text}; ${newer}`, "watch the first losses of a run, or use a tested version", facts);
  }
  return ok("libtorch", text, facts);
}

/** The shim: which one loads, and where it is from. */
export async function shimFinding(looked: Looked<LibtorchSeen>, compiler = findCompiler): Promise<Finding> {
  if (looked.failure !== undefined) {
    return warning("shim", "not tried: libtorch has to load first", "see libtorch");
  }
  const { shim, shimFailure, libtorch } = looked.seen;
  if (shim) {
    const text = `for libtorch ${shim.version}, from ${shim.why}: "${shim.path}"`;
    return ok("shim", text, { ...shim });
  }
  if (shimFailure!.startsWith("Cannot")) return splitSentence("shim", shimFailure!);
  try {
    const { name } = await compiler();
    const text = `none for libtorch ${libtorch.version}: ${shimFailure}; the first run compiles one with ${name}`;
    return warning("shim", text, 'run "ftx setup" to compile it now');
  } catch (error) {
    if (!(error instanceof FtxError)) throw error;
    const { text, remedy } = splitSentence("shim", error.message);
    return problem("shim", `none for libtorch ${libtorch.version}: ${shimFailure}; ${text}`, remedy!);
  }
}

/** The two parts of an error's sentence: what is wrong; what to do. */
function splitSentence(name: string, sentence: string): Finding {
  const at = sentence.lastIndexOf("; ");
  return problem(name, sentence.slice(0, at), sentence.slice(at + 2));
}
