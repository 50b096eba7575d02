import { HubFailure } from "./failure.ts";

/**
 * Where a hub sends us on to. It must be a web address, must stay encrypted once it was, and must not be one that only
 * this machine has, unless the hub itself is on it.
 *
 * @throws {HubFailure} It is none of these.
 */
export function redirected(from: URL, location: string, endpoint: string): URL {
  const wrong = (why: string) => new HubFailure(`sends us to ${why}`, from.host, { passing: false });
  if (!URL.canParse(location, from)) throw wrong("no address");
  const to = new URL(location, from);
  if (!/^https?:$/.test(to.protocol)) throw wrong(`a ${to.protocol} address`);
  if (from.protocol === "https:" && to.protocol === "http:") throw wrong("an address that is not encrypted");
  if (isLocal(to.hostname) && !isLocal(new URL(endpoint).hostname)) throw wrong("this machine itself");
  return to;
}

/** Loopback and link-local addresses, written as such. */
function isLocal(host: string): boolean {
  return /^(localhost|127\.[\d.]+|169\.254\.[\d.]+|0\.0\.0\.0|\[::1?\]|\[fe80:.*\])$/i.test(host);
}
