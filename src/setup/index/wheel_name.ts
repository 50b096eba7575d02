// What a wheel's name says (PEP 427): torch-2.13.0+cpu-cp312-cp312-manylinux_2_28_x86_64.whl

/** A wheel by its name. */
export interface Wheel {
  filename: string;
  /** The project, spelled as indexes do: "nvidia-cudnn-cu13". */
  project: string;
  /** The public version: "2.13.0". */
  version: string;
  /** The local part of the version, which names a build: "cpu", "cu126"; empty where there is none. */
  build: string;
  /** Platforms it is for: "manylinux_2_28_x86_64", "any". */
  platforms: string[];
}

/** What the name says; undefined when it is no wheel's, or one that is not a plain file name. */
export function wheelNamed(filename: string): Wheel | undefined {
  const parts = filename.match(/^([\w.]+)-([\w.!]+)(?:\+([\w.]+))?(?:-\d\w*)?-([\w.]+)-([\w.]+)-([\w.]+)\.whl$/);
  if (!parts) return undefined;
  const [, project, version, build = "", , , platforms] = parts;
  return { filename, project: projectName(project), version, build, platforms: platforms.split(".") };
}

/** A project's name as indexes spell it (PEP 503): small letters, single dashes. */
export function projectName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, "-");
}

/**
 * Whether the wheel's libraries run on this system: Linux with this processor and a C library at least as new as the wheel
 * asks for. Its Python does not matter, for none of it runs.
 */
export function fitsSystem(
  { platforms }: Wheel,
  arch: string = Deno.build.arch,
  glibc: number[] = glibcVersion(),
): boolean {
  return platforms.some((platform) => {
    if (platform === "any") return true;
    const [, major, minor, machine] = platform.match(/^manylinux_(\d+)_(\d+)_(\w+)$/) ?? [];
    if (machine) return machine === arch && (glibc[0] - Number(major) || glibc[1] - Number(minor)) >= 0;
    return new RegExp(`^(manylinux\\d+|linux)_${arch}$`).test(platform);
  });
}

let found: number[] | undefined;

/** The version of this system's C library, [2, 36]. */
function glibcVersion(): number[] {
  if (found) return found;
  const { symbols } = Deno.dlopen("libc.so.6", { gnu_get_libc_version: { parameters: [], result: "pointer" } });
  const text = Deno.UnsafePointerView.getCString(symbols.gnu_get_libc_version()!);
  return found = text.split(".").map(Number);
}
