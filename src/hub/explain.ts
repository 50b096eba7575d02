import { NetworkError } from "../errors.ts";
import type { NetFailure } from "../net/mod.ts";
import type { Hub } from "./hub.ts";
import type { HubPlace } from "./place.ts";
import type { Repository } from "./repository.ts";

/** Where a failure happened. */
export interface Circumstances {
  readonly hub: Hub;
  readonly place: HubPlace;
  /** What else was tried with the name, to begin the sentence with: "there is no such folder, and ". */
  readonly besides?: string;
}

/** A failure as one sentence: what is wrong with the repository, and what to do. */
export function explained(
  failure: NetFailure,
  { kind, id, revision }: Repository,
  { hub, place, besides = "" }: Circumstances,
): NetworkError {
  const noun = kind === "model" ? "model" : "data set";
  const page = `${hub.endpoint}/${kind === "dataset" ? "datasets/" : ""}${id}`;
  const cannot = (why: string) => new NetworkError(`Cannot download "${id}": ${why}`);
  const { host, facts: { status, code, detail, transient } } = failure;
  const from = place.token?.from;

  if (code === "GatedRepo" || (status === 401 || status === 403) && /gated|restricted/i.test(detail ?? "")) {
    return cannot(
      from === undefined
        ? `it is gated; ask for access at ${page}, then log in with HF_TOKEN or hf_hub_token`
        : `it is gated, and the token from ${from} has no access; ask for it at ${page}`,
    );
  }
  if (code === "RevisionNotFound") return cannot(`it has no branch, tag or commit "${revision}"; check the revision`);
  if (code === "EntryNotFound") return cannot(`the hub lists a file that it does not have; try again later`);
  if (status === 401 && from !== undefined && code !== "RepoNotFound") {
    return cannot(`the hub rejects the token from ${from}; make a new one at ${hub.endpoint}/settings/tokens`);
  }
  if (status === 401 || status === 404) {
    return cannot(
      from === undefined
        ? `${besides}${host} has no public ${noun} of this name; check the name, or log in with HF_TOKEN if it is private`
        : `${besides}${host} has no ${noun} of this name that the token from ${from} may see; check the name`,
    );
  }
  if (status === 403) {
    return cannot(
      from === undefined
        ? "it is not public; log in with HF_TOKEN or hf_hub_token"
        : `the token from ${from} has no right to read it; grant that at ${hub.endpoint}/settings/tokens`,
    );
  }
  if (status === 429) return cannot(`${host} limits requests (429); wait a few minutes, or log in with HF_TOKEN`);
  if (status !== undefined && status >= 500) {
    return cannot(`${host} has an internal error (${status}); try again later`);
  }
  if (status !== undefined) return cannot(`${host} answered ${status}; check HF_ENDPOINT`);
  if (!transient) return cannot(`${host} ${failure.message}; check HF_ENDPOINT, or take another repository`);
  return cannot(
    `${besides}${host} cannot be reached: ${failure.message}; check the network, HF_ENDPOINT and the proxy, or give a folder`,
  );
}
