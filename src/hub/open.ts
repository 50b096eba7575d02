import { FtxError, NetworkError } from "../errors.ts";
import { type Cached, cached } from "./cached.ts";
import { explained } from "./explain.ts";
import { HubFailure } from "./failure.ts";
import { Hub, type HubOptions } from "./hub.ts";
import { listing } from "./listing.ts";
import type { HubPlace } from "./place.ts";
import { type Listener, SILENT } from "./progress.ts";
import { isCommit, nameOf, type Repository } from "./repository.ts";
import { type Choose, snapshot } from "./snapshot.ts";

/** Where a repository comes from, and who is told. */
export interface OpenOptions extends HubOptions {
  readonly place: HubPlace;
  readonly choose: Choose;
  readonly listener?: Listener;
  /** What the name could have been as well, and is not: "there is no such folder, and ". */
  readonly besides?: string;
}

/** A folder on this disk that has the chosen files of a repository, and their names in it. */
export interface Opened {
  readonly folder: string;
  readonly files: readonly string[];
}

/**
 * The chosen files of a repository: from the cache where nothing is to be asked (offline, or a commit that is there),
 * else as the hub has them now; when the hub does not answer, from the cache after all, with a note.
 *
 * @throws {NetworkError} One sentence: why they cannot be had.
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
    const list = await listing(hub, repository, there && 2); // who has a copy need not wait long
    asked = true;
    let files: readonly string[] = [];
    const folder = await snapshot(hub, repository, list, {
      cache: place.cache,
      choose: async (all, read) => files = await choose(all, read),
      listener,
    });
    return { folder, files };
  } catch (error) {
    if (!(error instanceof HubFailure)) throw error;
    const why = explained(error, repository, { hub, place, besides });
    const copy = there && !asked ? await fromCache(there, choose).catch(() => undefined) : undefined;
    if (copy === undefined) throw why;
    listener.say(`note: the copy in the cache is used. ${why.message}`);
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
    new NetworkError(`Cannot download "${nameOf(repository)}": ${why}; unset HF_HUB_OFFLINE once`);
  if (there === undefined) throw cannot(`${besides}the cache "${place.cache}" does not have it`);
  return await fromCache(there, choose).catch((error) => {
    if (error instanceof FtxError) throw cannot(`the cache "${place.cache}" has only some of its files`);
    throw error;
  });
}

async function fromCache({ folder, files }: Cached, choose: Choose): Promise<Opened> {
  return { folder, files: await choose(files, (path) => Deno.readTextFile(`${folder}/${path}`)) };
}
