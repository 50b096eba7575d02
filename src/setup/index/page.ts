// A project's page of a package index: as JSON (PEP 691) where the index has that, else as HTML (PEP 503).

import { type Wheel, wheelNamed } from "./wheel_name.ts";

/** A wheel that can be had. */
export interface WheelFile extends Wheel {
  /** Where it is: an https, http or file address. */
  url: string;
  /** SHA-256 in hexadecimal, where the index tells it. */
  sha256?: string;
  /** Bytes, where the index tells it. */
  size?: number;
}

/** The wheels of a page that was read from `url`. Withdrawn ("yanked") ones and other kinds of files are left out. */
export function wheelsOf(page: string, url: string): WheelFile[] {
  return page.trimStart().startsWith("{") ? ofJson(JSON.parse(page), url) : ofHtml(page, url);
}

interface JsonPage {
  files?: {
    filename: string;
    url: string;
    hashes?: Record<string, string>;
    size?: number;
    yanked?: boolean | string;
  }[];
}

function ofJson({ files = [] }: JsonPage, page: string): WheelFile[] {
  return files.filter((file) => !file.yanked).flatMap(({ filename, url, hashes, size }) => {
    const wheel = wheelNamed(filename);
    return wheel ? [{ ...wheel, url: new URL(url, page).href, sha256: hashes?.sha256, size }] : [];
  });
}

function ofHtml(html: string, page: string): WheelFile[] {
  return Array.from(html.matchAll(/<a\s([^>]*)>/gi), ([, attributes]) => attributes)
    .filter((attributes) => !/\bdata-yanked\b/i.test(attributes))
    .flatMap((attributes) => {
      const href = attributes.match(/\bhref\s*=\s*["']([^"']+)["']/i)?.[1]?.replaceAll("&amp;", "&");
      if (!href || !URL.canParse(href, page)) return [];
      const url = new URL(href, page);
      const wheel = wheelNamed(decodeURIComponent(url.pathname.split("/").at(-1)!));
      const sha256 = url.hash.match(/sha256=([0-9a-f]{64})/i)?.[1].toLowerCase();
      url.hash = "";
      return wheel ? [{ ...wheel, url: url.href, sha256 }] : [];
    });
}
