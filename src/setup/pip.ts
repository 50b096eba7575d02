// pip as a downloader: it knows this machine's package index. Nothing that it downloads is installed or run.

import { EXIT, FtxError } from "../errors.ts";

/** How pip is called on this machine, e.g. ["python3", "-m", "pip"]. Throws an `FtxError` when there is none. */
export async function findPip(): Promise<string[]> {
  for (const command of [["python3", "-m", "pip"], ["pip3"], ["pip"]]) {
    if ((await run([...command, "--version"], {}).catch(() => undefined))?.success) return command;
  }
  throw new FtxError(
    'Cannot fetch libtorch: there is no pip to download it with; install it with "apt-get install python3-pip" ' +
      '(Debian, Ubuntu) or "dnf install python3-pip" (Fedora, RHEL), or set FTX_LIBTORCH to a libtorch of yours',
  );
}

/**
 * Downloads wheels into `folder` (which pip's own temporary files do not leave either) and returns their paths.
 * `undefined` when the index has nothing that meets the requirements; an `FtxError` when it cannot be asked.
 */
export async function download(pip: string[], requirements: string[], folder: string, flags: string[] = []) {
  await Deno.mkdir(folder, { recursive: true });
  const args = ["download", "--only-binary=:all:", "--no-cache-dir", "--progress-bar=off", "--dest", folder];
  const { success, said } = await run([...pip, ...args, ...flags, ...requirements], {
    TMPDIR: folder, // so that the size of the folder tells how far it is
    PIP_NO_INPUT: "1",
    PIP_DISABLE_PIP_VERSION_CHECK: "1",
    PIP_REQUIRE_VIRTUALENV: "0",
  });
  if (success) {
    return Array.from(Deno.readDirSync(folder), ({ name }) => `${folder}/${name}`).filter((p) => p.endsWith(".whl"));
  }
  const unreachable = /Retrying \(|Could not fetch URL|ProxyError|ReadTimeout/.test(said);
  if (/No matching distribution found/.test(said) && !unreachable) return undefined;
  const why = said.split("\n").findLast((line) => /^ERROR|no space left/i.test(line)) ?? "it gives no reason";
  if (/no space left/i.test(why)) throw Object.assign(new Error(why), { code: "ENOSPC" }); // told like any full disk
  throw new FtxError(
    `Cannot download ${requirements.join(" ")}: ${
      unreachable ? "pip does not reach its index" : `pip says "${why}"`
    }; ` +
      'mend the network or the index (see "pip config list"), or set FTX_LIBTORCH to a libtorch of yours',
    EXIT.network,
  );
}

async function run([program, ...args]: string[], env: Record<string, string>) {
  const { success, stdout, stderr } = await new Deno.Command(program, { args, env }).output();
  return { success, said: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}
