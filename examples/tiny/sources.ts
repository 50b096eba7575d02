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

/**
 * Every package of apt's index: `name: short description`, then the long one's paragraphs. One package in three begins
 * with its index record instead (version, dependencies, file name), where names and numbers are copied from line to line.
 */
export async function* packages(): AsyncGenerator<Document> {
  const cat = async (identifier: string) => {
    const listing = ["indextargets", "--format", "$(FILENAME)", `Created-By: ${identifier}`];
    const { stdout } = await run("apt-get", ["-o", "Acquire::Languages=en", ...listing]);
    const files = stdout.split("\n").filter(Boolean);
    const texts = files.map((file) => run("/usr/lib/apt/apt-helper", ["cat-file", file], BIG));
    return (await Promise.all(texts)).map((text) => text.stdout).join("\n");
  };
  const long = new Map<string, string[]>();
  for (const record of (await cat("Translations")).split("\n\n")) {
    const name = record.match(/^Package: (.*)$/m)?.[1];
    const [, short, rest] = record.match(/^Description-en: (.*)\n([^]*)$/m) ?? [];
    if (!name || !short) continue;
    const text = rest.replace(/^ \.$/gm, "").replace(/^ /gm, "");
    long.set(name, [`${name}: ${short}`, ...blocks(plain(text)).map(unfold)]);
  }
  let count = 0;
  for (const record of (await cat("Packages")).split("\n\n")) {
    const name = record.match(/^Package: (.*)$/m)?.[1];
    const paragraphs = name && long.get(name);
    if (!paragraphs) continue;
    long.delete(name); // an update lists the package again
    if (count++ % 3 === 0) {
      const fields = record.replace(/\n /g, " ").split("\n").filter((line) =>
        /^(Package|Source|Version|Depends|Recommends|Suggests|Homepage|Section|Filename):/.test(line) &&
        line.length < 300
      );
      yield { source: "packages", paragraphs: [fields.join("\n"), ...paragraphs] };
    } else yield { source: "packages", paragraphs };
  }
}

/** A machine that documents one program with thousands of generated pages would teach nothing else. */
const MOST_PAGES_OF_A_FAMILY = 400;

/** Man pages of a folder, rendered by `man`, without header, footer and layout. */
export async function* manPages(folder = "/usr/share/man", source = "man pages"): AsyncGenerator<Document> {
  const families = new Map<string, string[]>();
  for (const section of (await readdir(folder).catch(() => [])).filter((name) => /^man\d/.test(name)).sort()) {
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
