import { FtxError } from "../errors.ts";
import { piecesOf, whole } from "./body.ts";
import { brokenBy, failureOf, HubFailure } from "./failure.ts";
import type { HubPlace } from "./place.ts";
import { redirected } from "./redirect.ts";
import { Timer } from "./timer.ts";

const REDIRECTS = 5;
const SLOWEST = 1024; // bytes that a download must bring in the time it may stand still
const TRIES = 6;
const FIRST_TRIES = 3; // of a hub that has never answered: most often there is no network, and more tries change nothing
const LONGEST_WAIT = 300_000; // milliseconds, whatever a hub asks for

/** How a hub is asked. */
export interface HubOptions {
  /** Told that a try failed and when the next one is. */
  readonly onFailure?: (sentence: string) => void;
  /** Waits between two tries. Default: the clock. */
  readonly pause?: (milliseconds: number) => Promise<void>;
  /** Tries of one request, the first included; one that brought bytes starts the count anew. Default 6. */
  readonly tries?: number;
}

/**
 * A hub that answers over HTTP: who asks is told to the hub alone and not to those it sends us on to, answers that fail
 * are asked for again with growing pauses, and nothing waits for ever.
 */
export class Hub {
  readonly endpoint: string;
  readonly #place: HubPlace;
  readonly #pause: (milliseconds: number) => Promise<void>;
  readonly #tries: number;
  readonly #onFailure: (sentence: string) => void;
  #reached = false;

  constructor(
    endpoint: string,
    place: HubPlace,
    { pause = sleep, tries = TRIES, onFailure = () => {} }: HubOptions = {},
  ) {
    this.#onFailure = onFailure;
    this.endpoint = endpoint;
    this.#place = place;
    this.#pause = pause;
    this.#tries = tries;
  }

  /** The place's hub; the library that names the usual one is loaded only here, where it is needed. */
  static async at(place: HubPlace, options?: HubOptions): Promise<Hub> {
    return new Hub(place.endpoint ?? (await import("@huggingface/hub")).HUB_URL, place, options);
  }

  get host(): string {
    return new URL(this.endpoint).host;
  }

  /** A `fetch` for questions, to be given to the hub's library: it throws `HubFailure` and gives whole answers only. */
  readonly ask: typeof fetch = (input, init) => this.askWith(this.#tries, input, init);

  /** The same with another number of tries. */
  askWith(tries: number, input: URL | RequestInfo, init?: RequestInit): Promise<Response> {
    const url = input instanceof Request ? input.url : String(input);
    return this.persist(async () => {
      using timer = new Timer(this.#place.patience);
      return await this.#guarded(url, timer, async () => {
        const response = await this.#send(url, init?.headers, timer.signal);
        const body = await whole(response, timer.signal, this.host);
        return new Response(body, { status: response.status, headers: response.headers });
      });
    }, { tries });
  }

  /**
   * Asks for a file from `start` on and hands its bytes to `take`, in order.
   *
   * @param begin told before the first byte where the answer starts: at `start`, or at 0 where the hub does not continue
   */
  async fetchFile(
    url: string,
    start: number,
    { begin, take }: { begin: (at: number) => Promise<void>; take: (piece: Uint8Array) => Promise<void> },
  ): Promise<void> {
    using timer = new Timer(this.#place.stall, SLOWEST);
    await this.#guarded(url, timer, async () => {
      // Compressed on the way, a range would count other bytes than those of the file.
      const headers = { "accept-encoding": "identity", ...start > 0 && { range: `bytes=${start}-` } };
      const response = await this.#send(url, headers, timer.signal);
      const isPacked = response.headers.get("content-encoding") === "gzip"; // some do it unasked
      const at = response.status === 206 ? startOf(response) : 0;
      if (at !== start && at !== 0 || isPacked && start > 0 || response.body === null) {
        await response.body?.cancel();
        await begin(0);
        throw new HubFailure("sent another part of the file than was asked for", this.host, { passing: true });
      }
      await begin(at);
      const body = isPacked ? response.body.pipeThrough(new DecompressionStream("gzip")) : response.body;
      for await (const piece of piecesOf(body, timer.signal)) {
        timer.count(piece.length);
        await take(piece);
      }
    });
  }

  /** Does something again while it fails in ways that pass; `progress` tells whether the last try brought it nearer. */
  async persist<T>(
    attempt: () => Promise<T>,
    { tries = this.#tries, progress = () => false }: { tries?: number; progress?: () => boolean } = {},
  ): Promise<T> {
    for (let failed = 1;; failed++) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof HubFailure) || !error.facts.passing) throw error;
        if (progress()) failed = 1;
        else if (failed >= (this.#reached ? tries : Math.min(tries, FIRST_TRIES))) throw error;
        const wait = Math.min(error.facts.wait ?? backOff(failed), LONGEST_WAIT);
        this.#onFailure(`${error.host}: ${error.message}; the next try is in ${Math.ceil(wait / 1000)} s`);
        await this.#pause(wait);
      }
    }
  }

  /** Runs something that reads from the net, and puts what goes wrong there in our words. */
  async #guarded<T>(url: string, timer: Timer, read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      if (timer.signal.aborted) {
        throw new HubFailure(`sent nothing for ${timer.milliseconds / 1000} s`, new URL(url).host, { passing: true });
      }
      if (error instanceof HubFailure || error instanceof FtxError || isOfDisk(error)) throw error;
      throw brokenBy(error, new URL(url).host);
    }
  }

  async #send(url: string, headers: HeadersInit | undefined, signal: AbortSignal): Promise<Response> {
    let target = new URL(url);
    for (let hops = 0;; hops++) {
      const all = new Headers(headers);
      const { token } = this.#place;
      if (token !== undefined && target.host === this.host) all.set("authorization", `Bearer ${token.text}`);
      const response = await fetch(target, { headers: all, redirect: "manual", signal });
      this.#reached = true;
      const location = response.headers.get("location");
      if (response.status >= 300 && response.status < 400 && location !== null) {
        await response.body?.cancel();
        if (hops === REDIRECTS) throw new HubFailure("sends us from place to place", this.host, { passing: false });
        target = redirected(target, location, this.endpoint);
        continue;
      }
      const failure = failureOf(response);
      if (failure === undefined) return response;
      await response.body?.cancel();
      throw failure;
    }
  }
}

/** Where the part begins that a 206 sends; NaN if it does not say. */
function startOf(response: Response): number {
  return Number(/^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1] ?? NaN);
}

/** 0.5 s, 1 s, 2 s … 30 s, each a little shorter by chance, so that many who wait do not come back at once. */
const backOff = (failed: number) => Math.min(30_000, 500 * 2 ** (failed - 1)) * (0.75 + Math.random() / 4);

const sleep = (milliseconds: number) => new Promise<void>((done) => setTimeout(done, milliseconds));

/** What failed while a piece was written is not the network's fault. */
const isOfDisk = (error: unknown) =>
  typeof (error as { code?: unknown }).code === "string" && "syscall" in (error as object);
