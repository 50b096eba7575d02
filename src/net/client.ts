import { FtxError } from "../errors.ts";
import { piecesOf, Timer, whole } from "./body.ts";
import { brokenBy, NetFailure } from "./failure.ts";
import { send } from "./send.ts";

const SLOWEST = 1024; // bytes that a download must bring in each period of `stall`
const TRIES = 6;
const FIRST_TRIES = 3; // before any server has answered: most often there is no network, and waiting does not help
const LONGEST_WAIT = 300_000; // milliseconds, whatever a server asks for

/** How often a client tries again, and who hears of it. */
export interface RetryOptions {
  /** Called with a sentence when a try failed and another one follows. */
  readonly onFailure?: (sentence: string) => void;
  /** Waits between two tries. Default: the clock. */
  readonly pause?: (milliseconds: number) => Promise<void>;
  /** Tries of one request, the first included. Progress starts the count anew. Default: 6. */
  readonly tries?: number;
}

/** What a client is made of. */
export interface ClientOptions extends RetryOptions {
  /** Milliseconds in which an answer that is read whole must have come. Default: 60,000. */
  readonly patience?: number;
  /** Milliseconds in which a download must bring at least 1 KiB. Default: 30,000. */
  readonly stall?: number;
  /** `Authorization` by host. Names and passwords in addresses are added to it. */
  readonly authorization?: Iterable<readonly [host: string, value: string]>;
  /** The server that all requests belong to, which redirects are checked against. Default: the one of each request. */
  readonly home?: string;
  /** Certificates and proxy; closed with the client. Default: the runtime's. */
  readonly http?: Deno.HttpClient;
}

/**
 * Requests that survive a bad network: failures that may pass are tried again after growing pauses (or after what the
 * server's `Retry-After` asks for), and no request waits for ever. Every failure is a `NetFailure`.
 */
export class Client implements Disposable {
  readonly #options: ClientOptions;
  readonly #authorization: Map<string, string>;
  readonly #tries: number;
  #reached = false;

  constructor(options: ClientOptions = {}) {
    this.#options = options;
    this.#authorization = new Map(options.authorization);
    this.#tries = options.tries ?? TRIES;
  }

  /** A `fetch` for small answers, which libraries can use: the response is successful and its body has arrived whole. */
  readonly ask: typeof fetch = (input, init) => this.askWith(this.#tries, input, init);

  /** `ask` with another number of tries. */
  askWith(tries: number, input: URL | RequestInfo, init?: RequestInit): Promise<Response> {
    const url = this.#address(input instanceof Request ? input.url : String(input));
    return this.persist(async () => {
      using timer = new Timer(this.#options.patience ?? 60_000);
      return await guarded(url, timer, async () => {
        const response = await this.#send(url, init?.headers, timer.signal);
        const body = await whole(response, timer.signal, url.host);
        return new Response(body, { status: response.status, headers: response.headers });
      });
    }, { tries });
  }

  /**
   * Requests a file from byte `start` on and passes its pieces to `take`, in order.
   *
   * @param begin called before the first piece with the byte it begins at: `start`, or 0 where the server starts over
   */
  async fetchFile(
    address: string,
    start: number,
    { begin, take }: { begin: (at: number) => Promise<void>; take: (piece: Uint8Array) => Promise<void> },
  ): Promise<void> {
    const url = this.#address(address);
    using timer = new Timer(this.#options.stall ?? 30_000, SLOWEST);
    await guarded(url, timer, async () => {
      // With compression, a range would count other bytes than those of the file.
      const headers = { "accept-encoding": "identity", ...start > 0 && { range: `bytes=${start}-` } };
      const response = await this.#send(url, headers, timer.signal);
      const isPacked = response.headers.get("content-encoding") === "gzip"; // some servers compress all the same
      const at = response.status === 206 ? startOf(response) : 0;
      if (at !== start && at !== 0 || isPacked && start > 0 || response.body === null) {
        await response.body?.cancel();
        await begin(0);
        throw new NetFailure("sent another part of the file than requested", url.host, { transient: true });
      }
      await begin(at);
      const body = isPacked ? response.body.pipeThrough(new DecompressionStream("gzip")) : response.body;
      for await (const piece of piecesOf(body, timer.signal)) {
        timer.count(piece.length);
        await take(piece);
      }
    });
  }

  /** Repeats `attempt` while its failures are transient. After a try for which `progress` holds, the count starts anew. */
  async persist<T>(
    attempt: () => Promise<T>,
    { tries = this.#tries, progress = () => false }: { tries?: number; progress?: () => boolean } = {},
  ): Promise<T> {
    const { onFailure, pause = sleep } = this.#options;
    for (let failed = 1;; failed++) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof NetFailure) || !error.facts.transient) throw error;
        if (progress()) failed = 1;
        else if (failed >= (this.#reached ? tries : Math.min(tries, FIRST_TRIES))) throw error;
        const wait = Math.min(error.facts.retryAfter ?? backOff(failed), LONGEST_WAIT);
        onFailure?.(`${error.host}: ${error.message}; the next try is in ${Math.ceil(wait / 1000)} s`);
        await pause(wait);
      }
    }
  }

  #send(url: URL, headers: HeadersInit | undefined, signal: AbortSignal): Promise<Response> {
    const { home, http } = this.#options;
    return send(url, headers, signal, {
      ...{ authorization: this.#authorization, home, http },
      onAnswer: () => this.#reached = true,
    });
  }

  /** The address without name and password, which `fetch` would refuse; they become the host's `Authorization`. */
  #address(text: string): URL {
    const url = new URL(text), { username, password } = url;
    if (username === "") return url;
    url.username = url.password = "";
    const pair = new TextEncoder().encode(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
    this.#authorization.set(url.host, `Basic ${btoa(String.fromCharCode(...pair))}`);
    return url;
  }

  [Symbol.dispose](): void {
    this.#options.http?.close();
  }
}

/** Reads from the network; what goes wrong there becomes a `NetFailure`. */
async function guarded<T>(url: URL, timer: Timer, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (timer.signal.aborted) {
      throw new NetFailure(`sent nothing for ${timer.milliseconds / 1000} s`, url.host, { transient: true });
    }
    if (error instanceof NetFailure || error instanceof FtxError || isOfDisk(error)) throw error;
    throw brokenBy(error, url.host);
  }
}

/** The first byte of a partial response; NaN if it does not say. */
function startOf(response: Response): number {
  return Number(/^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1] ?? NaN);
}

/** 0.5 s, 1 s, 2 s … 30 s, each shortened by up to a quarter at random, so that many clients do not return at once. */
const backOff = (failed: number) => Math.min(30_000, 500 * 2 ** (failed - 1)) * (0.75 + Math.random() / 4);

const sleep = (milliseconds: number) => new Promise<void>((done) => setTimeout(done, milliseconds));

/** Whether writing a piece failed, which is not the network's fault. */
const isOfDisk = (error: unknown) =>
  typeof (error as { code?: unknown }).code === "string" && "syscall" in (error as object);
