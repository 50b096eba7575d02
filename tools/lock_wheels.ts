// Writes src/setup/wheels.json: the names, sizes and checksums of the wheels that `ftx setup` may fetch. pip chooses them, from
// the index that it is configured with; builds that are in the file and are not named stay.
//
//   deno run -A tools/lock_wheels.ts 2.13.0 2.13.0+cpu     these versions of torch, each for the processors it has wheels for

import { fileURLToPath } from "node:url";
import { compareVersions } from "../src/libtorch/mod.ts";
import { indexClient, indexSettings } from "../src/setup/pip.ts";
import { type Build, BUILDS, type Wheel } from "../src/setup/wheels.ts";

const ARCHS = ["x86_64", "aarch64"];
const PYTHON = "3.11"; // torch's libraries are the same for all of them, and no Python runs
const PLATFORMS = Array.from({ length: 24 }, (_, i) => `manylinux_2_${28 - i}`).concat("manylinux2014", "linux");

/** What `pip install --report` says of a package. */
interface Chosen {
  metadata: { name: string };
  download_info: { url: string; archive_info: { hash: string } };
}

/** The wheels of a torch, which pip chooses without downloading them; why not, where it finds none. */
async function choose(torch: string, arch: string): Promise<Chosen[] | string> {
  const report = await Deno.makeTempFile({ suffix: ".json" });
  const { success, stderr } = await new Deno.Command("python3", {
    args: [
      ...["-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-cache-dir", "--use-feature=fast-deps"],
      ...["--report", report, "--target", "/nowhere", "--only-binary=:all:", "--python-version", PYTHON],
      ...PLATFORMS.flatMap((platform) => ["--platform", `${platform}_${arch}`]),
      `torch===${torch}`,
    ],
    stdout: "null",
  }).output();
  const text = await Deno.readTextFile(report), said = new TextDecoder().decode(stderr);
  await Deno.remove(report);
  return success ? JSON.parse(text).install : said.match(/^ERROR: (.*)$/m)?.[1] ?? said;
}

using client = indexClient(await indexSettings(Deno.env.toObject()));

/** Bytes of a file, of which only the first is requested. */
async function sizeOf(url: string): Promise<number> {
  if (url.startsWith("file:")) return (await Deno.stat(fileURLToPath(url))).size;
  const { headers } = await client.ask(url, { headers: { range: "bytes=0-0" } });
  return Number(headers.get("content-range")!.split("/")[1]);
}

async function wheelOf({ metadata, download_info: { url, archive_info } }: Chosen): Promise<Wheel> {
  return {
    project: metadata.name.toLowerCase().replace(/[-_.]+/g, "-"),
    file: decodeURIComponent(url.split("/").at(-1)!),
    sha256: archive_info.hash.replace("sha256=", ""),
    size: await sizeOf(url),
  };
}

async function buildOf(torch: string, arch: string): Promise<Build | string> {
  const chosen = await choose(torch, arch);
  if (typeof chosen === "string") return chosen;
  const libraries = chosen.filter(({ metadata: { name } }) => /^(torch$|nvidia-)/i.test(name));
  const wheels: Wheel[] = [];
  for (const one of libraries) wheels.push(await wheelOf(one));
  wheels.sort((a, b) =>
    Number(b.project === "torch") - Number(a.project === "torch") || (a.project < b.project ? -1 : 1)
  );
  const runtime = wheels.find(({ project }) => /^nvidia-cuda-runtime/.test(project));
  const cuda = runtime?.file.match(/-(\d+\.\d+)\./)?.[1];
  return { version: torch.split("+")[0], arch, ...cuda && { cuda }, wheels };
}

const made: Build[] = [];
for (const torch of Deno.args) {
  for (const arch of ARCHS) {
    const build = await buildOf(torch, arch);
    console.error(`torch ${torch} for ${arch}: ${typeof build === "string" ? build : `${build.wheels.length} wheels`}`);
    if (typeof build !== "string") made.push(build);
  }
}
const key = ({ version, arch, cuda }: Build) => `${version} ${arch} ${cuda}`;
const all = [...new Map([...BUILDS, ...made].map((build) => [key(build), build])).values()]
  .sort((a, b) => compareVersions(b.version, a.version) || (key(a) < key(b) ? 1 : -1));
const text = all.map(({ wheels, ...build }) => {
  const lines = wheels.map((wheel) => `      ${JSON.stringify(wheel)}`);
  return `    ${JSON.stringify(build).slice(0, -1)},"wheels":[\n${lines.join(",\n")}\n    ]}`;
});
await Deno.writeTextFile(
  new URL("../src/setup/wheels.json", import.meta.url),
  `{\n  "builds": [\n${text.join(",\n")}\n  ]\n}\n`,
);
