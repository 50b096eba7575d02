// For tests: a package index on this machine's loopback, which breaks in the ways that indexes and networks break.

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { crc32, deflateRawSync } from "node:zlib";
import type { Build } from "../../src/setup/wheels.ts";

/** A wheel's bytes: its files and its RECORD. `damage` replaces a file after the RECORD was made. */
export function wheelOf(files: Record<string, string>, damage: Record<string, string> = {}) {
  const sum = (text: string) => createHash("sha256").update(text).digest("base64url");
  const lines = Object.entries(files).map(([name, text]) => `${name},sha256=${sum(text)},${text.length}`);
  return zip({
    ...files,
    ...damage,
    "torch-2.13.0.dist-info/RECORD": [...lines, "torch-2.13.0.dist-info/RECORD,,"].join("\n"),
  });
}

/** A zip of these files, deflated: local headers with data, then the central directory, then its end. */
function zip(files: Record<string, string>): Uint8Array<ArrayBuffer> {
  const records: Buffer[] = [], directory: Buffer[] = [];
  let at = 0;
  for (const [name, text] of Object.entries(files)) {
    const data = deflateRawSync(text), common = Buffer.alloc(26); // what both headers have in common
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(text), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(text.length, 18);
    common.writeUInt16LE(name.length, 22);
    const offset = Buffer.alloc(14);
    offset.writeUInt32LE(at, 10);
    directory.push(Buffer.from("PK\x01\x02\x14\x00", "latin1"), common, offset, Buffer.from(name));
    const record = Buffer.concat([Buffer.from("PK\x03\x04"), common, Buffer.from(name), data]);
    records.push(record);
    at += record.length;
  }
  const entries = Buffer.concat(directory), end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(records.length, 8);
  end.writeUInt16LE(records.length, 10);
  end.writeUInt32LE(entries.length, 12);
  end.writeUInt32LE(at, 16);
  return new Uint8Array(Buffer.concat([...records, entries, end]));
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const projectOf = (file: string) => file.split("-")[0].replaceAll("_", "-");

/** The build of version 2.13.0 for this machine that these of the wheels make. */
export function buildOf(wheels: Record<string, Uint8Array>, files: string[], cuda?: string): Build {
  const all = files.map((file) => ({
    ...{ project: projectOf(file), file },
    ...{ sha256: sha256(wheels[file]), size: wheels[file].length },
  }));
  return { version: "2.13.0", arch: Deno.build.arch, ...cuda && { cuda }, wheels: all };
}

/** What the index has, and how it misbehaves. */
export interface Shelf {
  /** Wheels by file name. */
  wheels: Record<string, Uint8Array<ArrayBuffer>>;
  html?: boolean;
  /** Is asked first; what it returns is the answer. */
  misbehave?: (request: Request, body: (name: string) => Uint8Array<ArrayBuffer>) => Response | undefined;
}

/** A running index: its address, and the requests that it got ("GET /files/x bytes=5-"). */
export interface FakeIndex extends AsyncDisposable {
  url: string;
  requests: string[];
}

/** Starts an index on a free port of the loopback. */
export function serveIndex(shelf: Shelf): FakeIndex {
  const requests: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const path = decodeURIComponent(new URL(request.url).pathname), range = request.headers.get("range");
    requests.push(`${path}${range ? ` ${range}` : ""}`);
    const name = path.split("/").at(-1)!;
    const own = shelf.misbehave?.(request, (name) => shelf.wheels[name]);
    if (own) return own;
    if (path.startsWith("/simple/")) return pageOf(path.split("/")[2], shelf);
    const bytes = shelf.wheels[name];
    return bytes ? partOf(bytes, range) : new Response("", { status: 404 });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/simple`,
    requests,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** The answer to a request for a file, or for what lies behind a byte of it. */
export function partOf(bytes: Uint8Array<ArrayBuffer>, range: string | null): Response {
  const [, from, to] = range?.match(/^bytes=(\d+)-(\d*)$/) ?? [];
  if (from === undefined) return new Response(bytes, { headers: { "content-length": `${bytes.length}` } });
  if (Number(from) >= bytes.length) {
    return new Response("", { status: 416, headers: { "content-range": `bytes */${bytes.length}` } });
  }
  const part = bytes.slice(Number(from), to ? Number(to) + 1 : undefined);
  const last = Number(from) + part.length - 1;
  return new Response(part, { status: 206, headers: { "content-range": `bytes ${from}-${last}/${bytes.length}` } });
}

function pageOf(project: string, { wheels, html }: Shelf): Response {
  const names = Object.keys(wheels).filter((name) => projectOf(name) === project);
  if (names.length === 0) return new Response("", { status: 404 });
  const sum = (name: string) => sha256(wheels[name]);
  const address = (name: string) => `../../files/${encodeURIComponent(name)}`;
  if (html) {
    const links = names.map((name) => `<a href="${address(name)}#sha256=${sum(name)}">${name}</a><br/>`);
    return new Response(`<!DOCTYPE html>${links.join("\n")}`, { headers: { "content-type": "text/html" } });
  }
  const files = names.map((filename) => ({
    filename,
    url: address(filename),
    hashes: { sha256: sum(filename) },
    size: wheels[filename].length,
  }));
  return Response.json({ meta: { "api-version": "1.1" }, files });
}
