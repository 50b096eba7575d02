// A small program behind the real launcher: what is true of its unpacking is true of ftx's.

import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileLauncher } from "../../tools/build/launcher.ts";
import { payload, seal } from "../../tools/build/payload.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const WORK = `${ROOT}/build/binary`;

// Says what it was given; with "exit N" it ends so, with "wait" it says its number and waits for a signal.
const PROGRAM = `#!/bin/sh
echo "root=$SMALL_ROOT words=$# [$1] [$2]"
case $1 in
  exit) exit $2 ;;
  wait) echo $$; exec sleep 60 ;;
esac
`;

/** What a start printed, and the number it ended with. */
export interface Started {
  code: number;
  out: string;
  err: string;
}

/** The small program in one file, and a home for whoever starts it. Both lie in a folder with a space in its name. */
export class Small implements AsyncDisposable {
  private constructor(readonly folder: string, readonly file: string) {}

  /** Builds it; the launcher is compiled once for all tests. `large` bytes of its payload do not compress. */
  static async build(large = 0, program = PROGRAM): Promise<Small> {
    await Deno.mkdir(WORK, { recursive: true });
    const folder = await Deno.makeTempDir({ prefix: "ftx small " });
    await Deno.chmod(folder, 0o755);
    const parts = `${folder}/parts`;
    await Deno.mkdir(`${parts}/deep/er`, { recursive: true });
    await Deno.writeTextFile(`${parts}/program`, program, { mode: 0o755 });
    await Deno.writeTextFile(`${parts}/deep/er/a file`, "with a space\n");
    await Deno.writeTextFile(`${parts}/empty`, "");
    await Deno.writeFile(`${parts}/zeros`, new Uint8Array(3 << 20));
    if (large) await Deno.writeFile(`${parts}/noise`, noise(large));
    const start = { run: ["{root}/program"], env: { SMALL_ROOT: "{root}" } };
    const file = `${folder}/small`;
    await seal(await compileLauncher(ROOT, WORK), await payload(parts, start, `${folder}/frames`, 3), file);
    await Deno.mkdir(`${folder}/home`);
    return new Small(folder, file);
  }

  get home(): string {
    return `${this.folder}/home`;
  }

  /** Where it unpacks to by default. */
  get place(): string {
    return `${this.home}/.cache/ftx/bin`;
  }

  /** The unpacked folder in the place. */
  unpacked(place = this.place): string {
    return join(place, this.entries(place).find((name) => /^[0-9a-f]{32}$/.test(name)) ?? "none");
  }

  /** What lies in the place. */
  entries(place = this.place): string[] {
    try {
      return Array.from(Deno.readDirSync(place), ({ name }) => name).sort();
    } catch {
      return [];
    }
  }

  /** Starts it with nothing in its environment but a home and what is given. `through` is a program that starts it. */
  async start(
    args: string[] = [],
    options: { env?: Record<string, string>; through?: string[] } = {},
  ): Promise<Started> {
    const { env = { HOME: this.home }, through = [] } = options;
    const [program, ...words] = [...through, this.file, ...args];
    const command = new Deno.Command(program, { args: words, env: { PATH: "/usr/bin:/bin", ...env }, clearEnv: true });
    const { code, stdout, stderr } = await command.output();
    const text = new TextDecoder();
    return { code, out: text.decode(stdout), err: text.decode(stderr) };
  }

  /** The line that the program prints when it runs from this folder without arguments. */
  line(root = this.unpacked()): string {
    return `root=${root} words=0 [] []\n`;
  }

  /** Forgets all that was unpacked. */
  async forget(): Promise<void> {
    await Deno.remove(this.home, { recursive: true });
    await Deno.mkdir(this.home);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** The command that gives a start a mount table of its own, after the shell's `line` has changed it; or why there is none. */
export async function mounting(line: string): Promise<{ through: string[]; reason?: undefined } | { reason: string }> {
  const namespace = ["unshare", Deno.uid() === 0 ? "-m" : "-rm"];
  const [program, ...args] = [...namespace, "sh", "-ec", `${line}; exec "$@"`, "sh"];
  try {
    const { success, stderr } = await new Deno.Command(program, { args: [...args, "true"] }).output();
    if (success) return { through: [program, ...args] };
    return { reason: new TextDecoder().decode(stderr).trim() };
  } catch {
    return { reason: `there is no ${basename(program)}` };
  }
}

/** Bytes that no compressor makes fewer. */
function noise(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
  return bytes;
}
