/** Why a server did not send what was asked for: its answer, or that there was none. */
export class NetFailure extends Error {
  override name = "NetFailure";

  constructor(
    /** What happened, as words that follow the name of the server: "answered 503". */
    message: string,
    /** The host that was asked, with its port. */
    readonly host: string,
    readonly facts: {
      /** The status code; undefined where no answer came. */
      readonly status?: number;
      /** A hub's name for the failure: RepoNotFound, RevisionNotFound, EntryNotFound, GatedRepo. */
      readonly code?: string;
      /** The server's own sentence. */
      readonly detail?: string;
      /** Whether trying again may help. */
      readonly transient: boolean;
      /** Milliseconds that the server asks to be left alone. */
      readonly retryAfter?: number;
    },
  ) {
    super(message);
  }
}

/** The failure that a response stands for; undefined for a success. */
export function failureOf(response: Response, now = Date.now()): NetFailure | undefined {
  const { status, headers } = response;
  if (response.ok) return undefined;
  return new NetFailure(`answered ${status}`, new URL(response.url).host, {
    status,
    code: headers.get("x-error-code") ?? undefined,
    detail: headers.get("x-error-message")?.slice(0, 200),
    transient: status === 408 || status === 425 || status === 429 || status >= 500,
    retryAfter: retryAfterOf(headers.get("retry-after"), now),
  });
}

/** Milliseconds from now of a `Retry-After` header, which holds seconds or a date. */
function retryAfterOf(text: string | null, now: number): number | undefined {
  if (text === null) return undefined;
  const wait = /^\s*\d+\s*$/.test(text) ? 1000 * Number(text) : Date.parse(text) - now;
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}

/** The failure behind an error that `fetch` or the reading of a body threw. */
export function brokenBy(error: unknown, host: string): NetFailure {
  if (error instanceof NetFailure) return error;
  const text = reasonsOf(error);
  const why = /dns error|lookup address|name resolution|not known/i.test(text)
    ? "its name cannot be resolved"
    : /connection refused|ECONNREFUSED/i.test(text)
    ? "the connection was refused"
    : /certificate|handshake/i.test(text)
    ? "has a certificate that is not trusted"
    : /network is unreachable|no route/i.test(text)
    ? "the network is unreachable"
    : "the connection broke";
  return new NetFailure(why, host, { transient: !why.includes("certificate") });
}

function reasonsOf(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: unknown };
  return `${message ?? error} ${cause === undefined ? "" : reasonsOf(cause)}`;
}
