import { NetworkError } from "../errors.ts";
import { NetFailure, type RetryOptions } from "../net/mod.ts";
import { Hub } from "./hub.ts";
import type { HubPlace } from "./place.ts";
import { type KnownModel, MODELS } from "./registry/mod.ts";
import type { Repository } from "./repository.ts";

/** A repository that a search found. */
export interface Found {
  readonly id: string;
  /** Downloads in the last month. */
  readonly downloads: number;
  readonly likes: number;
  /** Whether access has to be requested. */
  readonly gated: boolean;
}

/** Short names with every word of a term in them or in their repository's name. */
export function aliasesWith(term: string): [alias: string, model: KnownModel][] {
  const words = term.toLowerCase().split(/\s+/);
  return Object.entries(MODELS).filter(([alias, { hub }]) =>
    words.every((word) => alias.includes(word) || hub.toLowerCase().includes(word))
  );
}

/**
 * Searches a hub for models with safetensors, or for data sets; the most downloaded come first.
 *
 * @throws {NetworkError} The hub does not answer.
 */
export async function search(
  term: string,
  { place, kind = "model", limit = 20, ...options }: RetryOptions & {
    place: HubPlace;
    kind?: Repository["kind"];
    limit?: number;
  },
): Promise<Found[]> {
  const { listModels, listDatasets } = await import("@huggingface/hub");
  const hub = await Hub.at(place, options);
  const how = { hubUrl: hub.endpoint, fetch: hub.ask, limit, sort: "downloads" as const };
  const entries = kind === "model"
    ? listModels({ search: { query: term, tags: ["safetensors"] }, ...how })
    : listDatasets({ search: { query: term }, ...how });
  try {
    const found: Found[] = [];
    for await (const { name, downloads, likes, gated } of entries) {
      found.push({ id: name, downloads, likes, gated: gated !== false });
    }
    return found;
  } catch (error) {
    if (!(error instanceof NetFailure || error instanceof SyntaxError || error instanceof TypeError)) throw error;
    const why = error instanceof NetFailure ? error.message : "does not answer like a hub";
    throw new NetworkError(`Cannot search for "${term}": ${hub.host}: ${why}; check the network and HF_ENDPOINT`);
  }
}
