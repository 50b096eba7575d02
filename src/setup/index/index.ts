// All wheels of a project that the configured indexes and folders have.

import { fileURLToPath, pathToFileURL } from "node:url";
import { homedir } from "node:os";
import { exists, read } from "../../libtorch/mod.ts";
import { type Net, NetFailure } from "./net.ts";
import { type WheelFile, wheelsOf } from "./page.ts";
import type { IndexSettings } from "./settings.ts";
import { projectName, wheelNamed } from "./wheel_name.ts";

// JSON tells sizes as well; an index that does not know it answers in HTML.
const ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";

/** The package index of this machine, of all the places that pip would look into. */
export class PackageIndex {
  constructor(readonly settings: IndexSettings, readonly net: Net) {}

  /**
   * The wheels of a project, those on this machine first. One place that fails does not keep the others from being asked;
   * a `NetFailure` is thrown when nothing was found for that reason.
   */
  async wheels(project: string): Promise<WheelFile[]> {
    const { indexes, findLinks } = this.settings;
    const ends = await Promise.allSettled([
      ...findLinks.map((place) => this.#linked(place)),
      ...indexes.map((index) => this.#page(`${index}/${projectName(project)}/`)),
    ]);
    const found = ends.flatMap((end) => end.status === "fulfilled" ? end.value : [])
      .filter((wheel) => wheel.project === projectName(project));
    const failed = ends.find((end) => end.status === "rejected");
    if (found.length === 0 && failed) throw failed.reason;
    const isHere = ({ url }: WheelFile) => Number(url.startsWith("file:"));
    return found.sort((a, b) => isHere(b) - isHere(a));
  }

  async #page(address: string): Promise<WheelFile[]> {
    if (address.startsWith("file:")) {
      const folder = fileURLToPath(address);
      const page = read(`${folder}index.html`);
      return page === undefined ? inFolder(folder) : wheelsOf(page, address);
    }
    const page = await this.net.text(address, { accept: ACCEPT });
    try {
      return page === undefined ? [] : wheelsOf(page, address);
    } catch (error) {
      throw new NetFailure(`the page "${address}" cannot be read (${(error as Error).message})`, false);
    }
  }

  /** A folder of wheels, or a page of links, on this machine or elsewhere. */
  async #linked(place: string): Promise<WheelFile[]> {
    if (/^https?:/.test(place)) return await this.#page(place);
    const path = place.startsWith("file:") ? fileURLToPath(place) : place.replace(/^~(?=\/)/, homedir());
    if (!exists(path)) return [];
    return Deno.statSync(path).isDirectory ? inFolder(path) : wheelsOf(read(path) ?? "", pathToFileURL(path).href);
  }
}

function inFolder(folder: string): WheelFile[] {
  if (!exists(folder)) return [];
  return Array.from(Deno.readDirSync(folder), ({ name }) => name).flatMap((name) => {
    const wheel = wheelNamed(name);
    return wheel ? [{ ...wheel, url: pathToFileURL(`${folder}/${name}`).href }] : [];
  });
}
