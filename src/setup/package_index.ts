// Where wheels are: Python's package index (PEP 503, PEP 691), a mirror of it, or a folder.

import { homedir } from "node:os";
import { fileURLToPath, pathToFileURL } from "node:url";
import { exists, read } from "../libtorch/mod.ts";
import { type Client, NetFailure } from "../net/mod.ts";
import type { IndexSettings } from "./pip.ts";
import type { Wheel } from "./wheels.ts";

const ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";

/** A file that a page of an index links to. */
export interface Link {
  file: string;
  /** An https, http or file address. */
  url: string;
  /** In hexadecimal; undefined where the page does not say. */
  sha256?: string;
}

/** All the places in which pip would look for a package on this machine. */
export class PackageIndex {
  readonly #pages = new Map<string, Promise<Link[]>>();

  constructor(readonly settings: Pick<IndexSettings, "indexes" | "findLinks">, readonly client: Client) {}

  /**
   * The address of a wheel, on this machine if it is there; undefined where no place has it. A place that fails matters only
   * if no other has the wheel: then its `NetFailure` is thrown.
   */
  async find(wheel: Wheel): Promise<string | undefined> {
    const { indexes, findLinks } = this.settings;
    const places = [...findLinks, ...indexes.map((index) => `${index}/${wheel.project}/`)];
    const isFar = (place: string) => /^https?:/.test(place);
    return await this.#findIn(places.filter((place) => !isFar(place)), wheel) ??
      await this.#findIn(places.filter(isFar), wheel);
  }

  async #findIn(places: string[], { file, sha256 }: Wheel): Promise<string | undefined> {
    const ends = await Promise.allSettled(places.map((place) => this.#page(place)));
    const link = ends.flatMap((end) => end.status === "fulfilled" ? end.value : [])
      .find((link) => link.file === file && (link.sha256 ?? sha256) === sha256);
    const failed = ends.find((end) => end.status === "rejected");
    if (link === undefined && failed) throw failed.reason;
    return link?.url;
  }

  /** The links of a place, which is asked once. */
  #page(place: string): Promise<Link[]> {
    const known = this.#pages.get(place) ??
      (/^https?:/.test(place) ? this.#linked(place) : Promise.resolve(near(place)));
    this.#pages.set(place, known);
    return known;
  }

  async #linked(address: string): Promise<Link[]> {
    try {
      return linksOf(await (await this.client.ask(address, { headers: { accept: ACCEPT } })).text(), address);
    } catch (error) {
      if (error instanceof NetFailure && error.facts.status === 404) return []; // it does not have this project
      if (!(error instanceof SyntaxError)) throw error;
      throw new NetFailure("sent a page that is not valid JSON", new URL(address).host, { transient: false });
    }
  }
}

/** The files of a folder, and the links of a page on this machine. */
function near(place: string): Link[] {
  const path = place.startsWith("file:") ? fileURLToPath(place) : place.replace(/^~(?=\/)/, homedir());
  if (!exists(path)) return [];
  const folder = pathToFileURL(path.endsWith("/") ? path : `${path}/`);
  if (!Deno.statSync(path).isDirectory) return linksOf(read(path) ?? "", pathToFileURL(path).href);
  const files = Array.from(Deno.readDirSync(path), ({ name }) => name);
  return [
    ...files.map((file) => ({ file, url: new URL(encodeURIComponent(file), folder).href })),
    ...linksOf(read(fileURLToPath(new URL("index.html", folder))) ?? "", folder.href),
  ];
}

/** The links of a page that was read from `address`: JSON where the index has it, else HTML. Throws a SyntaxError. */
export function linksOf(page: string, address: string): Link[] {
  return page.trimStart().startsWith("{") ? ofJson(JSON.parse(page), address) : ofHtml(page, address);
}

function ofJson(
  { files = [] }: { files?: { filename: string; url: string; hashes?: { sha256?: string } }[] },
  address: string,
): Link[] {
  return files.filter(({ url }) => URL.canParse(url, address)).map(({ filename, url, hashes }) => ({
    file: filename,
    url: new URL(url, address).href,
    sha256: hashes?.sha256,
  }));
}

function ofHtml(html: string, address: string): Link[] {
  return Array.from(html.matchAll(/<a\s([^>]*)>/gi), ([, attributes]) => attributes).flatMap((attributes) => {
    const href = attributes.match(/\bhref\s*=\s*["']([^"']+)["']/i)?.[1]?.replaceAll("&amp;", "&");
    if (!href || !URL.canParse(href, address)) return [];
    const url = new URL(href, address);
    const sha256 = url.hash.match(/sha256=([0-9a-f]{64})/i)?.[1].toLowerCase();
    url.hash = "";
    return [{ file: url.pathname.split("/").at(-1)!.replace(/%2B/gi, "+"), url: url.href, sha256 }];
  });
}
