/**
 * Gathers real English text on a Debian machine for pre-training: `deno run -A examples/tiny/corpus.ts [file.jsonl]`.
 *
 * Needs `apt-get -o Acquire::Languages=en update` and `apt-get install man-db` to have run. Writes one {"text"} a line,
 * shuffled by a fixed seed, and prints what each source gave. A paragraph is kept the first time only.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { readable } from "./clean.ts";
import { infoManuals, licences, manPages, manPagesOf, packages } from "./sources.ts";

const DOCKER = ["docker.io", "docker-cli", "docker-compose", "podman", "buildah", "skopeo"]; // those that apt knows
const LONGEST = 12_000; // characters of a document; a longer page is cut into several at paragraphs

const target = Deno.args[0] ?? "build/tiny/corpus.jsonl";
const seen = new Set<string>();
const texts: string[] = [];
const sizes: Record<string, { documents: number; megabytes: number }> = {};

for (const source of [packages(), manPagesOf(DOCKER), manPages(), infoManuals(), licences()]) {
  for await (const { source: name, paragraphs } of source) {
    for (const text of pieces(withoutBareHeadings(paragraphs.filter(fresh)))) {
      texts.push(text);
      const size = sizes[name] ??= { documents: 0, megabytes: 0 };
      size.documents++;
      size.megabytes += text.length / 1e6;
    }
  }
}

shuffle(texts, 1);
await mkdir(dirname(target), { recursive: true });
await writeFile(target, texts.map((text) => JSON.stringify({ text }) + "\n").join(""));
console.table(sizes);

/** True for readable paragraphs that did not occur before. */
function fresh(paragraph: string): boolean {
  if (!readable(paragraph)) return false;
  return heading(paragraph) || seen.size < seen.add(paragraph).size;
}

/** Short lines such as "EXIT STATUS" may repeat. */
function heading(paragraph: string): boolean {
  return paragraph.length < 40;
}

/** Headings whose text was dropped say nothing: only those with text behind them stay. */
function withoutBareHeadings(paragraphs: string[]): string[] {
  return paragraphs.filter((paragraph, at) => {
    const next = paragraphs[at + 1];
    return !heading(paragraph) || (next !== undefined && !heading(next));
  });
}

/** Paragraphs joined to texts of at most `LONGEST` characters; texts of a heading or two are dropped. */
function* pieces(paragraphs: string[]): Generator<string> {
  let text = "";
  for (const paragraph of paragraphs) {
    if (text.length + paragraph.length > LONGEST) {
      yield text;
      text = "";
    }
    text += (text && "\n\n") + paragraph.slice(0, LONGEST);
  }
  if (text.length >= 40) yield text;
}

/** In place, by Fisher and Yates with the numbers of a 32-bit xorshift. */
function shuffle(items: string[], state: number) {
  for (let last = items.length - 1; last > 0; last--) {
    state ^= state << 13, state ^= state >>> 17, state ^= state << 5;
    const at = (state >>> 0) % (last + 1);
    [items[last], items[at]] = [items[at], items[last]];
  }
}
