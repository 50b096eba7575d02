/** Why a hub did not give what was asked: its answer, or that there was none. */
export class HubFailure extends Error {
  override name = "HubFailure";

  constructor(
    /** What happened, in words that follow "it": for answers of no particular meaning. */
    message: string,
    /** The host that was asked. */
    readonly host: string,
    readonly facts: {
      /** Number of the answer; undefined where none came. */
      readonly status?: number;
      /** The hub's own name for the failure: RepoNotFound, RevisionNotFound, EntryNotFound, GatedRepo. */
      readonly code?: string;
      /** The hub's own sentence. */
      readonly says?: string;
      /** Whether trying again may help. */
      readonly passing: boolean;
      /** How long the hub asks to wait, in milliseconds. */
      readonly wait?: number;
    },
  ) {
    super(message);
  }
}

/** The failure that an answer is; undefined for one that gives what was asked. */
export function failureOf(response: Response, now = Date.now()): HubFailure | undefined {
  const { status, headers } = response;
  if (response.ok) return undefined;
  return new HubFailure(`answered ${status}`, new URL(response.url).host, {
    status,
    code: headers.get("x-error-code") ?? undefined,
    says: headers.get("x-error-message")?.slice(0, 200),
    passing: status === 408 || status === 425 || status === 429 || status >= 500,
    wait: waitOf(headers.get("retry-after"), now),
  });
}

/** `Retry-After`: seconds or a date, in milliseconds from now. */
function waitOf(text: string | null, now: number): number | undefined {
  if (text === null) return undefined;
  const wait = /^\s*\d+\s*$/.test(text) ? 1000 * Number(text) : Date.parse(text) - now;
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}

/** The failure that an error of `fetch`, or of reading a body, is. */
export function brokenBy(error: unknown, host: string): HubFailure {
  if (error instanceof HubFailure) return error;
  const text = reasonsOf(error);
  const why = /dns error|lookup address|name resolution|not known/i.test(text)
    ? "its address is not known"
    : /connection refused|ECONNREFUSED/i.test(text)
    ? "nothing answers there"
    : /certificate|handshake/i.test(text)
    ? "shows a certificate that cannot be trusted"
    : /network is unreachable|no route/i.test(text)
    ? "there is no way to it"
    : "the connection broke";
  return new HubFailure(why, host, { passing: !why.includes("certificate") });
}

function reasonsOf(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: unknown };
  return `${message ?? error} ${cause === undefined ? "" : reasonsOf(cause)}`;
}
