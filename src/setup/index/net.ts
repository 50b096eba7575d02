// Requests to a package index: its certificates and proxy, a name and password in its address, patience with its faults.

import { exists } from "../../libtorch/mod.ts";
import type { IndexSettings } from "./settings.ts";

/** What a request that failed says of itself. */
export class NetFailure extends Error {
  override name = "NetFailure";
  /** @param passing whether asking again may help @param after milliseconds that the server wants to be left alone */
  constructor(message: string, readonly passing: boolean, readonly after = 0) {
    super(message);
  }
}

/** How long to wait, and how; tests wait for nothing. */
export interface Patience {
  /** Requests in all, when each one fails. */
  tries: number;
  /** Milliseconds without a byte after which a request has failed. */
  stall: number;
  sleep: (milliseconds: number) => Promise<void>;
}

const PATIENT: Patience = { tries: 8, stall: 30_000, sleep: (ms) => new Promise((done) => setTimeout(done, ms)) };

// What an administrator added lies here; it counts beside the certificates that the runtime brings.
const SYSTEM = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];

/** The way to a package index. */
export class Net implements Disposable {
  readonly #client?: Deno.HttpClient;
  readonly #secrets = new Map<string, string>();
  readonly patience: Patience;

  constructor({ cert, proxy }: Pick<IndexSettings, "cert" | "proxy"> = {}, patience: Partial<Patience> = {}) {
    this.patience = { ...PATIENT, ...patience };
    const trusted = cert ?? SYSTEM.find(exists);
    if (!trusted && !proxy) return;
    this.#client = Deno.createHttpClient({
      ...trusted && { caCerts: [Deno.readTextFileSync(trusted)] },
      ...proxy && { proxy: { url: /^\w+:\/\//.test(proxy) ? proxy : `http://${proxy}` } },
    });
  }

  /** Asks once; the answer has arrived so far as its head. 404 is an answer; every other refusal is a `NetFailure`. */
  async ask(address: string, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
    const url = new URL(address);
    this.#learn(url);
    const secret = this.#secrets.get(url.host);
    if (secret) headers = { ...headers, authorization: secret };
    const answer = await fetch(url, { headers, client: this.#client, signal }).catch((error) => {
      throw new NetFailure(`"${url.host}" cannot be reached (${reason(error)})`, true);
    });
    if (answer.ok || answer.status === 404 || answer.status === 416) return answer;
    await answer.body?.cancel();
    throw refusal(answer, url.host);
  }

  /** Takes name and password out of an address, where `fetch` refuses them, and shows them to that host from now on. */
  #learn(url: URL): void {
    const { username, password } = url;
    if (!username) return;
    url.username = url.password = "";
    const pair = new TextEncoder().encode(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
    this.#secrets.set(url.host, `Basic ${btoa(String.fromCharCode(...pair))}`);
  }

  /** The text at an address; undefined where there is none. Asks again when the fault may pass. */
  text(address: string, headers: Record<string, string> = {}): Promise<string | undefined> {
    return this.persist(async () => {
      const signal = AbortSignal.timeout(2 * this.patience.stall);
      const answer = await this.ask(address, headers, signal);
      if (answer.ok) {
        return await answer.text().catch((error) => {
          throw new NetFailure(`"${new URL(address).host}" broke off (${reason(error)})`, true);
        });
      }
      await answer.body?.cancel();
      return undefined;
    });
  }

  /**
   * Does `work` until it succeeds, fails for good, or has failed too often; waits longer each time, half a second to half a
   * minute. `advanced` says whether the last try was worth another one all the same.
   */
  async persist<T>(work: () => Promise<T>, advanced: () => boolean = () => false): Promise<T> {
    for (let failed = 1;; failed++) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof NetFailure) || !error.passing) throw error;
        if (advanced()) failed = 1;
        if (failed >= this.patience.tries) throw error;
        const pause = Math.min(30_000, 500 * 2 ** (failed - 1)) * (0.75 + Math.random() / 2);
        await this.patience.sleep(Math.max(pause, error.after));
      }
    }
  }

  [Symbol.dispose](): void {
    this.#client?.close();
  }
}

function refusal({ status, headers }: Response, host: string): NetFailure {
  if (status === 401 || status === 403) {
    return new NetFailure(`"${host}" refuses it (${status}); put a name and password into the index's address`, false);
  }
  const passing = status >= 500 || status === 429 || status === 408;
  return new NetFailure(`"${host}" answers ${status}`, passing, waitOf(headers.get("retry-after")));
}

/** Milliseconds of a Retry-After header, which holds seconds or a date; at most five minutes. */
export function waitOf(header: string | null, now = Date.now()): number {
  if (header === null) return 0;
  const wait = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(wait) ? Math.min(Math.max(wait, 0), 300_000) : 0;
}

/** What lies below the words of `fetch`, which repeat the address. */
export function reason(error: unknown): string {
  const { message, cause } = error as Error;
  const deepest = cause instanceof Error ? cause.message : message;
  return deepest.split("\n")[0].split(": ").slice(-2).join(": ");
}
