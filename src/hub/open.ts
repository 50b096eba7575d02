import { FtxError, NetworkError } from "../errors.ts";
import { type Cached, cached } from "./cached.ts";
import { explained } from "./explain.ts";
import { NetFailure, type RetryOptions } from "../net/mod.ts";
import { type Listener, SILENT } from "../report/progress.ts";
import { Hub } from "./hub.ts";
import { listing } from "./listing.ts";
import type { HubPlace } from "./place.ts";
import { isCommit, nameOf, type Repository } from "./repository.ts";
import { type Choose, snapshot } from "./snapshot.ts";

/** Where a repository comes from, which files of it are wanted, and who hears of progress. */
export interface OpenOptions extends RetryOptions {
  readonly place: HubPlace;
  readonly choose: Choose;
  readonly listener?: Listener;
  /** What else was tried with the name, to begin an error with: "there is no such folder, and ". */
  readonly besides?: string;
}

/** A folder that has the chosen files of a repository, and the paths of the files in it. */
export interface Opened {
  readonly folder: string;
  readonly files: readonly string[];
}

/**
 * Brings the chosen files of a repository to this disk: as the hub has them now, or from the cache when ftx is offline or
 * the revision is a commit that is there. If the hub does not answer, it uses the copy in the cache and says so.
 *
 * @throws {NetworkError} They cannot be downloaded; the sentence says why.
 */
export async function openRepository(repository: Repository, options: OpenOptions): Promise<Opened> {
  const { place, choose, listener = SILENT, besides } = options;
  const there = await cached(repository, place.cache);
  if (place.offline) return await offline(repository, there, options);
  if (there !== undefined && isCommit(repository.revision)) {
    const whole = await fromCache(there, choose).catch(() => undefined);
    if (whole !== undefined) return whole;
  }
  const hub = await Hub.at(place, { onFailure: (sentence) => listener.tell(sentence), ...options });
  let asked = false;
  try {
    const list = await listing(hub, repository, there && 2); // with a copy at hand, two tries are enough
    asked = true;
    let files: readonly string[] = [];
    const folder = await snapshot(hub, repository, list, {
      cache: place.cache,
      choose: async (all, read) => files = await choose(all, read),
      listener,
    });
    return { folder, files };
  } catch (error) {
    if (!(error instanceof NetFailure)) throw error;
    const why = explained(error, repository, { hub, place, besides });
    const copy = there && !asked ? await fromCache(there, choose).catch(() => undefined) : undefined;
    if (copy === undefined) throw why;
    listener.say(`note: using the copy in the cache. ${why.message}`);
    return copy;
  } finally {
    listener.clear();
  }
}

async function offline(
  repository: Repository,
  there: Cached | undefined,
  { place, choose, besides = "" }: OpenOptions,
) {
  const cannot = (why: string) =>
    new NetworkError(`Cannot download "${nameOf(repository)}": ${why}; unset HF_HUB_OFFLINE to download it`);
  if (there === undefined) throw cannot(`${besides}the cache "${place.cache}" does not have it`);
  return await fromCache(there, choose).catch((error) => {
    if (error instanceof FtxError) throw cannot(`the cache "${place.cache}" has only some of its files`);
    throw error;
  });
}

async function fromCache({ folder, files }: Cached, choose: Choose): Promise<Opened> {
  return { folder, files: await choose(files, (path) => Deno.readTextFile(`${folder}/${path}`)) };
}
