import { NetworkError } from "../errors.ts";
import type { HubFailure } from "./failure.ts";
import type { Hub } from "./hub.ts";
import type { HubPlace } from "./place.ts";
import type { Repository } from "./repository.ts";

/** Where a failure came up. */
export interface Circumstances {
  readonly hub: Hub;
  readonly place: HubPlace;
  /** What the name could have been as well, and is not: "there is no such folder, and ". */
  readonly besides?: string;
}

/** A failure in one sentence for a person: what is so with the repository, and what to do. */
export function explained(
  failure: HubFailure,
  { kind, id, revision }: Repository,
  { hub, place, besides = "" }: Circumstances,
): NetworkError {
  const noun = kind === "model" ? "model" : "data set";
  const page = `${hub.endpoint}/${kind === "dataset" ? "datasets/" : ""}${id}`;
  const cannot = (why: string) => new NetworkError(`Cannot download "${id}": ${why}`);
  const { host, facts: { status, code, says, passing } } = failure;
  const from = place.token?.from;

  if (code === "GatedRepo" || (status === 401 || status === 403) && /gated|restricted/i.test(says ?? "")) {
    return cannot(
      from === undefined
        ? `it is gated; ask for access at ${page}, then log in with HF_TOKEN or hf_hub_token`
        : `it is gated, and the token of ${from} has no access; ask for it at ${page}`,
    );
  }
  if (code === "RevisionNotFound") return cannot(`it has no branch, tag or commit "${revision}"; check the revision`);
  if (code === "EntryNotFound") return cannot(`the hub lists a file that it does not have; try again later`);
  if (status === 401 && from !== undefined && code !== "RepoNotFound") {
    return cannot(`the hub does not accept the token of ${from}; make a new one at ${hub.endpoint}/settings/tokens`);
  }
  if (status === 401 || status === 404) {
    return cannot(
      `${besides}${host} has no ${noun} of this name that ${
        from === undefined ? "everybody" : `the token of ${from}`
      } may see; ` +
        `check the name${from === undefined ? ", or log in with HF_TOKEN if it is private" : ""}`,
    );
  }
  if (status === 403) {
    return cannot(
      from === undefined
        ? "it is not for everybody; log in with HF_TOKEN or hf_hub_token"
        : `the token of ${from} may not read it; give it the right to read at ${hub.endpoint}/settings/tokens`,
    );
  }
  if (status === 429) return cannot(`${host} wants fewer requests (429); wait some minutes, or log in with HF_TOKEN`);
  if (status !== undefined && status >= 500) return cannot(`${host} has trouble (${status}); try again later`);
  if (status !== undefined) return cannot(`${host} answered ${status}; check HF_ENDPOINT`);
  if (!passing) return cannot(`${host} ${failure.message}; check HF_ENDPOINT, or take another repository`);
  return cannot(
    `${besides}${host} cannot be reached: ${failure.message}; check the network, HF_ENDPOINT and the proxy, or give a folder`,
  );
}
