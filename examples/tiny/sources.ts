/**
 * The English text that a Debian machine has at hand: package descriptions, man pages, info manuals, licences.
 * Each source gives documents as lists of raw paragraphs; `corpus.ts` cleans them and drops what repeats.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { blocks, plain, unfold } from "./clean.ts";

/** A document before deduplication: where it is from, and its paragraphs in order. */
export interface Document {
  source: string;
  paragraphs: string[];
}

const run = promisify(execFile);
const BIG = { maxBuffer: 1 << 30 };

const SIBLINGS = 3; // packages of one source in a document: libfoo1, libfoo-dev, libfoo-doc

/**
 * Apt's index, one document for each source: of its first packages the record (version, dependencies, file name), then
 * `name: short description`, then the long one's paragraphs. Names and version numbers come again from line to line and
 * siblings repeat each other's paragraphs, which is what teaches a model of this size to copy.
 */
export async function* packages(): AsyncGenerator<Document> {
  const long = new Map<string, string[]>();
  for (const record of await index("Translations")) {
    const name = record.match(/^Package: (.*)$/m)?.[1];
    const [, short, rest] = record.match(/^Description-en: (.*)\n([^]*)$/m) ?? [];
    if (!name || !short) continue;
    const text = rest.replace(/^ \.$/gm, "").replace(/^ /gm, "");
    long.set(name, [`${name}: ${short}`, ...blocks(plain(text)).map(unfold)]);
  }
  const sources = new Map<string, string[][]>();
  for (const record of await index("Packages")) {
    const name = record.match(/^Package: (.*)$/m)?.[1];
    const description = name && long.get(name);
    if (!description) continue;
    long.delete(name); // an update lists the package again
    const source = record.match(/^Source: (\S+)/m)?.[1] ?? name;
    const siblings = sources.get(source) ?? [];
    if (siblings.length < SIBLINGS) sources.set(source, [...siblings, [fields(record), ...description]]);
  }
  for (const siblings of sources.values()) yield { source: "packages", paragraphs: siblings.flat() };
}

/** The records of one kind of apt's index. */
async function index(kind: "Packages" | "Translations"): Promise<string[]> {
  const listing = ["indextargets", "--format", "$(FILENAME)", `Created-By: ${kind}`];
  const { stdout } = await run("apt-get", ["-o", "Acquire::Languages=en", ...listing]);
  const files = stdout.split("\n").filter(Boolean);
  const texts = await Promise.all(files.map((file) => run("/usr/lib/apt/apt-helper", ["cat-file", file], BIG)));
  return texts.flatMap((text) => text.stdout.split("\n\n"));
}

/** The lines of a record that a person would read, each at most as long as one. */
function fields(record: string): string {
  const lines = record.replace(/\n /g, " ").split("\n");
  const wanted = /^(Package|Source|Version|Depends|Suggests|Homepage|Section|Filename):/;
  return lines.filter((line) => wanted.test(line) && line.length < 160).join("\n");
}

/** A machine that documents one program with thousands of generated pages would teach nothing else. */
const MOST_PAGES_OF_A_FAMILY = 400;

/** Man pages of a folder, rendered by `man`, without header, footer and layout; not those of C functions (2, 3, 4). */
export async function* manPages(folder = "/usr/share/man", source = "man pages"): AsyncGenerator<Document> {
  const families = new Map<string, string[]>();
  for (const section of (await readdir(folder).catch(() => [])).filter((name) => /^man[15678]$/.test(name)).sort()) {
    for (const page of (await readdir(join(folder, section))).sort()) {
      const family = page.split(/[-_.]/, 1)[0];
      families.set(family, [...families.get(family) ?? [], join(folder, section, page)]);
    }
  }
  for (const pages of families.values()) {
    if (pages.length > MOST_PAGES_OF_A_FAMILY) continue;
    for (const page of pages) {
      const env = { ...process.env, MANWIDTH: "1000", LC_ALL: "C.UTF-8" };
      const rendered = await run("man", ["--nh", "--nj", "-P", "cat", "-l", page], { ...BIG, env }).catch(() =>
        undefined
      );
      if (!rendered) continue;
      const lines = plain(rendered.stdout).trim().split("\n").slice(1, -1);
      yield { source, paragraphs: blocks(lines.join("\n")).map(unfold) };
    }
  }
}

/** The man pages of packages that need not be installed: fetched, unpacked into a temporary folder, removed again. */
export async function* manPagesOf(names: string[]): AsyncGenerator<Document> {
  const folder = await mkdtemp(join(tmpdir(), "pages-"));
  try {
    for (const name of names) await run("apt-get", ["download", name], { cwd: folder }).catch(() => undefined);
    for (const file of await readdir(folder)) {
      await run("dpkg-deb", ["-x", join(folder, file), join(folder, basename(file, ".deb"))]);
      yield* manPages(join(folder, basename(file, ".deb"), "usr/share/man"), "docker man pages");
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The GNU manuals in info form, a node a document. */
export async function* infoManuals(folder = "/usr/share/info"): AsyncGenerator<Document> {
  for (const file of (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".gz")).sort()) {
    const text = plain(gunzipSync(await readFile(join(folder, file))).toString("utf8"));
    for (const node of text.split("\x1f\n").slice(1)) {
      const body = node.replace(/^File: .*\n/, "").replace(/\[image[^\]]*\]/g, "").replace(
        /^(\*{3,}|={3,}|-{3,}|\.{3,})$/gm,
        "",
      );
      yield { source: "info manuals", paragraphs: blocks(body).map(unfold) };
    }
  }
}

/** The licences that Debian packages refer to. */
export async function* licences(folder = "/usr/share/common-licenses"): AsyncGenerator<Document> {
  for (const file of (await readdir(folder).catch(() => [])).sort()) {
    yield { source: "licences", paragraphs: blocks(plain(await readFile(join(folder, file), "utf8"))).map(unfold) };
  }
}
