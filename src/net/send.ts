import { failureOf, NetFailure } from "./failure.ts";

const REDIRECTS = 5;

/** How requests are sent. */
export interface SendOptions {
  /** `Authorization` by host. Only that host sees it, never one that it redirects to. */
  readonly authorization: ReadonlyMap<string, string>;
  /** The server that the requests belong to, which redirects are checked against. Default: the one of each request. */
  readonly home?: string;
  /** Certificates and proxy. Default: the runtime's. */
  readonly http?: Deno.HttpClient;
  /** Called with the response's head, before its status is looked at. */
  readonly onAnswer?: () => void;
}

/**
 * Sends a GET request, follows redirects, and returns the successful response.
 *
 * @throws {NetFailure} The server refuses, or redirects to where it must not.
 */
export async function send(
  url: URL,
  headers: HeadersInit | undefined,
  signal: AbortSignal,
  { authorization, home = url.href, http, onAnswer }: SendOptions,
): Promise<Response> {
  let target = url;
  for (let hops = 0;; hops++) {
    const all = new Headers(headers);
    const secret = authorization.get(target.host);
    if (secret !== undefined) all.set("authorization", secret);
    const response = await fetch(target, { headers: all, redirect: "manual", signal, client: http });
    onAnswer?.();
    const location = response.headers.get("location");
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel();
      if (hops === REDIRECTS) throw new NetFailure("redirects too often", url.host, { transient: false });
      target = redirected(target, location, home);
      continue;
    }
    const failure = failureOf(response);
    if (failure === undefined) return response;
    await response.body?.cancel();
    throw failure;
  }
}

/**
 * The address that a server redirects to. It must be http or https, must stay encrypted once it was, and must not be on
 * this machine unless `home` is.
 *
 * @throws {NetFailure} It breaks one of these rules.
 */
export function redirected(from: URL, location: string, home: string): URL {
  const wrong = (where: string) => new NetFailure(`redirects to ${where}`, from.host, { transient: false });
  if (!URL.canParse(location, from)) throw wrong("something that is not an address");
  const to = new URL(location, from);
  if (!/^https?:$/.test(to.protocol)) throw wrong(`a ${to.protocol} address`);
  if (from.protocol === "https:" && to.protocol === "http:") throw wrong("an address without encryption");
  if (isLocal(to.hostname) && !isLocal(new URL(home).hostname)) throw wrong("this machine itself");
  return to;
}

/** Whether a host is a loopback or link-local address, written as one. */
function isLocal(host: string): boolean {
  return /^(localhost|127\.[\d.]+|169\.254\.[\d.]+|0\.0\.0\.0|\[::1?\]|\[fe80:.*\])$/i.test(host);
}
