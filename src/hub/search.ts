import { NetworkError } from "../errors.ts";
import { HubFailure } from "./failure.ts";
import { Hub, type HubOptions } from "./hub.ts";
import type { HubPlace } from "./place.ts";
import { type KnownModel, MODELS } from "./registry/mod.ts";
import type { Repository } from "./repository.ts";

/** A repository that a hub found. */
export interface Found {
  readonly id: string;
  /** In the last month. */
  readonly downloads: number;
  readonly likes: number;
  /** Whether one must ask for it. */
  readonly gated: boolean;
}

/** Short names that have all words of a term in them or in their repository's name. */
export function aliasesWith(term: string): [alias: string, model: KnownModel][] {
  const words = term.toLowerCase().split(/\s+/);
  return Object.entries(MODELS).filter(([alias, { hub }]) =>
    words.every((word) => alias.includes(word) || hub.toLowerCase().includes(word))
  );
}

/**
 * What a hub finds for a term, that which is downloaded most first: models with safetensors, or data sets.
 *
 * @throws {NetworkError} It does not answer.
 */
export async function search(
  term: string,
  { place, kind = "model", limit = 20, ...options }: HubOptions & {
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
    if (!(error instanceof HubFailure || error instanceof SyntaxError || error instanceof TypeError)) throw error;
    const why = error instanceof HubFailure ? error.message : "does not answer as a hub does";
    throw new NetworkError(`Cannot search for "${term}": ${hub.host}: ${why}; check the network and HF_ENDPOINT`);
  }
}
