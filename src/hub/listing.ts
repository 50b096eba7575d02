import { z } from "zod";
import { NetFailure } from "../net/mod.ts";
import { badName, shown } from "./file_name.ts";
import type { Hub } from "./hub.ts";
import type { Repository } from "./repository.ts";

/** A file of a repository. */
export interface HubFile {
  /** Its path in the repository. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Hash of its content, which the cache names it by: SHA-256 for large files, git's SHA-1 for others. */
  readonly hash: string;
}

/** The files of a repository at one commit. */
export interface Listing {
  readonly commit: string;
  readonly files: readonly HubFile[];
}

const MOST = 100_000; // files; a hub that lists more may never stop

const size = z.int().min(0);
const infoSchema = z.object({ sha: z.string().regex(/^[0-9a-f]{40}$/) });
const entrySchema = z.object({
  type: z.string(),
  path: z.string(),
  size: size.optional(),
  oid: z.string().regex(/^[0-9a-f]{40}$/).optional(),
  lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/), size }).nullish(),
});

/**
 * Asks a hub for the commit of a repository's revision and for the files of that commit.
 *
 * @param tries how often each request is sent at most. Default: the hub's
 * @throws {NetFailure} The hub does not answer, refuses access, or does not answer like a hub.
 */
export async function listing(hub: Hub, { kind, id, revision }: Repository, tries?: number): Promise<Listing> {
  const { modelInfo, datasetInfo, listFiles } = await import("@huggingface/hub");
  const ask: typeof fetch = (input, init) => hub.askWith(tries ?? Infinity, input, init);
  const how = { hubUrl: hub.endpoint, fetch: tries === undefined ? hub.ask : ask };
  try {
    const name = { name: id, revision, additionalFields: ["sha" as const] };
    const info = kind === "model" ? await modelInfo({ ...name, ...how }) : await datasetInfo({ ...name, ...how });
    const { sha: commit } = infoSchema.parse(info);
    const files: HubFile[] = [];
    for await (
      const entry of listFiles({ repo: { type: kind, name: id }, revision: commit, recursive: true, ...how })
    ) {
      const file = fileOf(entrySchema.parse(entry), hub.host);
      if (file !== undefined) files.push(file);
      if (files.length > MOST) throw new NetFailure("lists too many files", hub.host, { transient: false });
    }
    return { commit, files };
  } catch (error) {
    if (error instanceof NetFailure) throw error;
    if (error instanceof z.ZodError || error instanceof SyntaxError || error instanceof TypeError) {
      throw new NetFailure("does not answer like a hub", hub.host, { transient: false });
    }
    throw error;
  }
}

function fileOf({ type, path, size, oid, lfs }: z.output<typeof entrySchema>, host: string): HubFile | undefined {
  const why = badName(path);
  if (why !== undefined) {
    throw new NetFailure(`lists a file "${shown(path)}", but ${why}`, host, { transient: false });
  }
  if (type !== "file") return undefined;
  const hash = lfs?.oid ?? oid;
  if (hash === undefined) throw new NetFailure("lists files without their checksums", host, { transient: false });
  return { path, size: lfs?.size ?? size ?? 0, hash };
}
