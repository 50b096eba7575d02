/**
 * The Python of the peers (`tests/parity/requirements.txt`), for tests that run them live: `FTX_PEERS`, else `python3`
 * on the PATH. Undefined where it cannot import `modules`, so that the test is skipped and says why.
 */
export function peerPython(...modules: string[]): string | undefined {
  const candidates = [Deno.env.get("FTX_PEERS"), "python3"].filter((path) => path !== undefined);
  return candidates.find((python) => {
    try {
      const args = [
        "-c",
        `import importlib.util as u, sys; sys.exit(not all(map(u.find_spec, sys.argv[1:])))`,
        ...modules,
      ];
      return new Deno.Command(python, { args, stdout: "null", stderr: "null" }).outputSync().success;
    } catch {
      return false;
    }
  });
}

/** Runs `script` with the peers' Python and gives what it printed. */
export async function runPeer(python: string, script: string, ...args: string[]): Promise<string> {
  return await run(python, ["-c", script, ...args]);
}

/** Runs a Python program of this folder and gives what it printed. */
export async function runProgram(python: string, program: string, args: string[]): Promise<string> {
  return await run(python, [new URL(program, import.meta.url).pathname, ...args]);
}

async function run(python: string, args: string[]): Promise<string> {
  const env = { HF_HUB_OFFLINE: "1", PYTHONDONTWRITEBYTECODE: "1" };
  const { success, stdout, stderr } = await new Deno.Command(python, { args, env }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}
