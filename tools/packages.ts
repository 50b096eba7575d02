// Fetches every package of deno.lock into Deno's cache, so that no later command has to. Imports none of them itself.

const INSTALL = ["install", "--quiet", "--frozen"];

/** Fetches what Deno's cache lacks; if that is nothing, it takes 20 ms. Ends the process with a sentence if it cannot. */
export async function fetchPackages(): Promise<void> {
  if ((await deno([...INSTALL, "--cached-only"])).success) return;
  console.error("Fetching ftx's packages: 97 MB");
  const { success, stderr } = await deno(INSTALL);
  if (success) return;
  const said = new TextDecoder().decode(stderr).trim().split("\n")[0].replace(/^error: /, "");
  console.error(`Cannot fetch ftx's packages: ${said}; check the network, and the registry that npm is configured for`);
  Deno.exit(7);
}

function deno(args: string[]): Promise<Deno.CommandOutput> {
  return new Deno.Command(Deno.execPath(), {
    args,
    cwd: new URL("..", import.meta.url),
    env: { NO_COLOR: "1" },
    stdout: "null",
    stderr: "piped",
  }).output();
}

if (import.meta.main) await fetchPackages();
