// A hub on this machine: speaks what hub clients ask (repository, tree in pages, files with hashes, redirects, ranges), keeps
// a log of it, and fails in the ways it is told to.
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";

/** A file of a repository; `lfs` ones are sent by another host and known by their SHA-256. */
export interface HubContent {
  bytes: Uint8Array;
  lfs: boolean;
}

/** A repository: its files, who may see it, and the commit its branch `main` is at. */
export interface HubRepository {
  kind: "model" | "dataset";
  id: string;
  commit: string;
  files: Map<string, HubContent>;
  /** Needed to see it at all. */
  token?: string;
  /** Seen, but not given. */
  gated?: boolean;
}

/** What was asked. */
export interface Asked {
  method: string;
  path: string;
  host: string;
  range?: string;
  token?: string;
  /** Bytes of the body that were sent. */
  sent: number;
}

/** How an answer goes wrong. `after`: bytes of the body that are still right. */
export type Fault =
  | { status: number; headers?: Record<string, string> }
  | { cut: number }
  | { stall: number }
  | { drip: number }
  | { instead: Uint8Array }
  | { ignoreRange: true }
  | { gzip: true }
  | { reset: true }
  | { redirect: string };

const PAGE = 3; // entries of a page of the tree: few, so that every repository has several pages

/** The hub. Dispose it. */
export class LoopbackHub implements AsyncDisposable {
  readonly repositories = new Map<string, HubRepository>();
  readonly asked: Asked[] = [];
  /** Asked for each request: how it goes wrong, if it does. */
  fault: (asked: Asked) => Fault | undefined = () => undefined;
  /** Changes what the tree says, as a hostile hub would. */
  listed: (entry: Record<string, unknown>) => Record<string, unknown> | Record<string, unknown>[] = (entry) => entry;
  /** Changes what the repository's page says. */
  described: (info: Record<string, unknown>) => Record<string, unknown> = (info) => info;
  #server: Server;
  #port = 0;
  readonly #open = new Set<ServerResponse>();

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#open.add(response);
      response.once("close", () => this.#open.delete(response));
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  static async start(): Promise<LoopbackHub> {
    const hub = new LoopbackHub();
    await new Promise<void>((done) => hub.#server.listen(0, "127.0.0.1", done));
    hub.#port = (hub.#server.address() as AddressInfo).port;
    return hub;
  }

  /** HF_ENDPOINT. */
  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Puts a repository there. Files of 1 KiB or more, or of a name that ends in .safetensors, are LFS files. */
  add(
    kind: HubRepository["kind"],
    id: string,
    files: Record<string, string | Uint8Array>,
    more: Partial<HubRepository> = {},
  ) {
    const contents = Object.entries(files).map(([path, content]) => {
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      return [path, { bytes, lfs: path.endsWith(".safetensors") || bytes.length >= 1024 }] as const;
    });
    const commit = createHash("sha1").update(
      id + JSON.stringify(contents.map(([path, { bytes }]) => [path, sha256(bytes)])),
    )
      .digest("hex");
    const repository: HubRepository = { kind, id, commit, files: new Map(contents), ...more };
    this.repositories.set(`${kind}s/${id}`, repository);
    return repository;
  }

  /** Puts the files of a folder there. */
  addFolder(kind: HubRepository["kind"], id: string, folder: string) {
    const names = Array.from(Deno.readDirSync(folder)).filter((entry) => entry.isFile).map(({ name }) => name).sort();
    return this.add(kind, id, Object.fromEntries(names.map((name) => [name, Deno.readFileSync(`${folder}/${name}`)])));
  }

  /** Bytes of files that were sent, by their path. */
  sentOf(path: string): number {
    return this.asked.filter((one) => one.method === "GET" && one.path.endsWith(path)).reduce(
      (sum, one) => sum + one.sent,
      0,
    );
  }

  async [Symbol.asyncDispose]() {
    if (!this.#server.listening) return;
    for (const response of this.#open) response.destroy(); // those that stand still too
    this.#server.closeAllConnections();
    await new Promise<void>((done) => this.#server.close(() => done()));
  }

  async #answer(request: IncomingMessage, response: ServerResponse) {
    const url = new URL(request.url!, this.endpoint);
    const { host = "", range, authorization } = request.headers;
    const asked: Asked = {
      ...{ method: request.method!, path: decodeURIComponent(url.pathname), host, range, sent: 0 },
      token: authorization?.replace("Bearer ", ""),
    };
    this.asked.push(asked);
    const fault = this.fault(asked);
    if (fault && "status" in fault) return end(response, fault.status, fault.headers);
    if (fault && "reset" in fault) return void response.destroy();
    if (fault && "redirect" in fault) return end(response, 302, { location: fault.redirect });
    const [, kind, id, rest] = /^\/api\/(models|datasets)\/([^/]+\/[^/]+)\/(.*)$/.exec(asked.path) ?? [];
    if (kind !== undefined) return await this.#api(kind, id, rest, url, asked, response, fault);
    if (/^\/api\/(models|datasets)$/.test(asked.path)) return await this.#search(url, asked, response);
    if (asked.path.startsWith("/cdn/")) return await this.#cdn(asked, response, fault);
    const [, dataset, repo, , path] = /^\/(datasets\/)?([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.*)$/.exec(asked.path) ?? [];
    if (repo !== undefined) {
      return await this.#resolve(dataset ? "datasets" : "models", repo, path, asked, response, fault);
    }
    end(response, 404, {});
  }

  #seen(kind: string, id: string, asked: Asked, response: ServerResponse): HubRepository | undefined {
    const repository = this.repositories.get(`${kind}/${id}`);
    if (asked.token !== undefined && !asked.token.startsWith("hf_good")) {
      end(response, 401, { "x-error-message": "Invalid credentials in Authorization header" });
    } else if (repository === undefined || repository.token !== undefined && repository.token !== asked.token) {
      end(response, asked.token === undefined ? 401 : 404, {
        "x-error-code": "RepoNotFound",
        "x-error-message": "Repository not found",
      });
    } else return repository;
  }

  async #api(kind: string, id: string, rest: string, url: URL, asked: Asked, response: ServerResponse, fault?: Fault) {
    const repository = this.#seen(kind, id, asked, response);
    if (repository === undefined) return;
    const { commit, files } = repository;
    const [, what, revision] = /^(revision|tree)\/([^/]+)$/.exec(rest) ?? [];
    if (revision !== "main" && revision !== commit) {
      return end(response, 404, { "x-error-code": "RevisionNotFound", "x-error-message": "Invalid rev id" });
    }
    if (what === "revision") {
      const siblings = [...files.keys()].map((rfilename) => ({ rfilename }));
      const info = { _id: "1", id, sha: commit, siblings, private: false, gated: repository.gated ? "manual" : false };
      const lastModified = "2026-01-01T00:00:00.000Z";
      return await send(
        response,
        asked,
        json(this.described({ ...info, downloads: 7, likes: 1, lastModified, tags: [] })),
        {},
        fault,
      );
    }
    const entries = [...files].map(([path, { bytes, lfs }]) => ({
      ...{ type: "file", path, size: bytes.length, oid: gitSha1(bytes) },
      ...lfs && { lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: 130 } },
    })).flatMap((entry) => this.listed(entry));
    const start = Number(url.searchParams.get("cursor") ?? 0);
    url.searchParams.set("cursor", String(start + PAGE));
    const more = start + PAGE < entries.length;
    const headers: Record<string, string> = more ? { link: `<${url}>; rel="next"` } : {};
    await send(response, asked, json(entries.slice(start, start + PAGE)), headers, fault);
  }

  async #search(url: URL, asked: Asked, response: ServerResponse) {
    const term = url.searchParams.get("search")?.toLowerCase() ?? "";
    const kind = asked.path.endsWith("models") ? "model" : "dataset";
    const found = [...this.repositories.values()].filter((one) =>
      one.kind === kind && one.id.toLowerCase().includes(term)
    );
    const lastModified = "2026-01-01T00:00:00.000Z";
    await send(
      response,
      asked,
      json(
        found.map(({ id }) => ({ _id: id, id, downloads: 1234, likes: 5, private: false, gated: false, lastModified })),
      ),
    );
  }

  async #resolve(kind: string, id: string, path: string, asked: Asked, response: ServerResponse, fault?: Fault) {
    const repository = this.#seen(kind, id, asked, response);
    if (repository === undefined) return;
    const { commit, files, gated } = repository;
    if (gated) {
      return end(response, asked.token === undefined ? 401 : 403, {
        "x-error-code": "GatedRepo",
        "x-error-message": `Access to model ${id} is restricted`,
      });
    }
    const file = files.get(path);
    if (file === undefined) return end(response, 404, { "x-error-code": "EntryNotFound", "x-repo-commit": commit });
    const headers = { "x-repo-commit": commit, "accept-ranges": "bytes" };
    if (!file.lfs) {
      return await send(response, asked, file.bytes, { ...headers, etag: `"${gitSha1(file.bytes)}"` }, fault);
    }
    const hash = sha256(file.bytes);
    end(response, 302, {
      ...headers,
      location: `http://localhost:${this.#port}/cdn/${hash}/${encodeURIComponent(path)}`, // another host, as CDNs are
      "x-linked-etag": `"${hash}"`,
      "x-linked-size": String(file.bytes.length),
    });
  }

  async #cdn(asked: Asked, response: ServerResponse, fault?: Fault) {
    const hash = asked.path.split("/")[2];
    const files = [...this.repositories.values()].flatMap((repository) => [...repository.files.values()]);
    const file = files.find(({ bytes }) => sha256(bytes) === hash);
    if (file === undefined) return end(response, 404, {});
    await send(response, asked, file.bytes, { etag: '"made-by-the-cdn"' }, fault);
  }
}

async function send(
  response: ServerResponse,
  asked: Asked,
  bytes: Uint8Array,
  headers: Record<string, string> = {},
  fault?: Fault,
) {
  if (fault && "instead" in fault) bytes = fault.instead;
  if (fault && "gzip" in fault) {
    bytes = gzipSync(bytes);
    headers = { ...headers, "content-encoding": "gzip" };
  }
  const start = fault && "ignoreRange" in fault ? 0 : Number(/^bytes=(\d+)-/.exec(asked.range ?? "")?.[1] ?? 0);
  const body = bytes.subarray(start);
  const range = start > 0 ? { "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {};
  response.writeHead(start > 0 ? 206 : 200, { "content-length": body.length, ...headers, ...range });
  if (asked.method === "HEAD") return void response.end();
  const upTo = fault && "cut" in fault ? fault.cut : fault && "stall" in fault ? fault.stall : body.length;
  const right = Math.min(upTo, body.length);
  const slow = fault && "drip" in fault ? fault.drip : undefined;
  for (let at = 0; at < right;) {
    const piece = body.subarray(at, Math.min(right, at + (slow === undefined ? 65536 : 1)));
    if (!response.write(piece)) await drained(response);
    asked.sent += piece.length;
    at += piece.length;
    if (slow !== undefined) await new Promise((done) => setTimeout(done, slow));
    if (response.destroyed) return;
  }
  if (fault && "cut" in fault) await new Promise((done) => setTimeout(done, 20)).then(() => response.destroy());
  else if (!(fault && "stall" in fault)) response.end();
}

/** Waits until more can be written, or nobody is there to read it. */
async function drained(response: ServerResponse) {
  while (response.writableNeedDrain && !response.destroyed) await new Promise((done) => setTimeout(done, 1));
}

function end(response: ServerResponse, status: number, headers: Record<string, string> = {}) {
  response.writeHead(status, { "content-length": 0, ...headers }).end();
}

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** Hash of LFS files. */
export const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Hash of other files, as git has it. */
export const gitSha1 = (bytes: Uint8Array) =>
  createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
