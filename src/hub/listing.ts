import { z } from "zod";
import { HubFailure } from "./failure.ts";
import { badName, shown } from "./file_name.ts";
import type { Hub } from "./hub.ts";
import type { Repository } from "./repository.ts";

/** A file of a repository. */
export interface HubFile {
  /** Its name, with the folders it lies in. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Hash of its content, under which it is kept: SHA-256 of large files, git's SHA-1 of others. */
  readonly hash: string;
}

/** The files of a repository as one commit has them. */
export interface Listing {
  readonly commit: string;
  readonly files: readonly HubFile[];
}

const MOST = 100_000; // files; a hub that lists more lists for ever

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
 * Asks a hub which commit a repository's revision is, and which files that has.
 *
 * @param tries how often each question is asked at most
 * @throws {HubFailure} It does not answer, does not let us see it, or its answer is not a hub's.
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
      if (files.length > MOST) throw new HubFailure("lists files without an end", hub.host, { passing: false });
    }
    return { commit, files };
  } catch (error) {
    if (error instanceof HubFailure) throw error;
    if (error instanceof z.ZodError || error instanceof SyntaxError || error instanceof TypeError) {
      throw new HubFailure("does not answer as a hub does", hub.host, { passing: false });
    }
    throw error;
  }
}

function fileOf({ type, path, size, oid, lfs }: z.output<typeof entrySchema>, host: string): HubFile | undefined {
  const why = badName(path);
  if (why !== undefined) {
    throw new HubFailure(`names a file "${shown(path)}", and ${why}`, host, { passing: false });
  }
  if (type !== "file") return undefined;
  const hash = lfs?.oid ?? oid;
  if (hash === undefined) throw new HubFailure("lists files without their checksums", host, { passing: false });
  return { path, size: lfs?.size ?? size ?? 0, hash };
}
