import { Client, type RetryOptions } from "../net/mod.ts";
import type { HubPlace } from "./place.ts";

/**
 * A client of a hub. It sends the token to the hub, but not to the servers that the hub redirects to.
 *
 * @example
 * ```ts
 * using hub = await Hub.at(hubPlace());
 * const response = await hub.ask(`${hub.endpoint}/api/models/org/name`);
 * ```
 */
export class Hub extends Client {
  constructor(readonly endpoint: string, { token, stall, patience }: HubPlace, options: RetryOptions = {}) {
    const authorization = token && [[new URL(endpoint).host, `Bearer ${token.text}`]] as const;
    super({ ...options, stall, patience, authorization, home: endpoint });
  }

  /** The hub of a place. Loads the hub's library only if its default address is needed. */
  static async at(place: HubPlace, options?: RetryOptions): Promise<Hub> {
    return new Hub(place.endpoint ?? (await import("@huggingface/hub")).HUB_URL, place, options);
  }

  get host(): string {
    return new URL(this.endpoint).host;
  }
}
