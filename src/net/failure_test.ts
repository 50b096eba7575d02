import assert from "node:assert/strict";
import { brokenBy, failureOf } from "./failure.ts";

/** What Deno's `fetch` says, and what it means. */
const BROKEN: [text: string, message: string, transient: boolean][] = [
  [
    "client error (Connect): dns error: failed to lookup address information: Name or service not known",
    "its name cannot be resolved",
    true,
  ],
  ["client error (Connect): tcp connect error: Connection refused (os error 111)", "the connection was refused", true],
  [
    "client error (Connect): invalid peer certificate: UnknownIssuer",
    "has a certificate that is not trusted",
    false,
  ],
  ["tcp connect error: Network is unreachable (os error 101)", "the network is unreachable", true],
  ["error reading a body from connection: unexpected EOF during chunk size line", "the connection broke", true],
];

for (const [text, message, transient] of BROKEN) {
  Deno.test(`brokenBy() puts in words: ${message}`, () => {
    const failure = brokenBy(new TypeError("fetch failed", { cause: new Error(text) }), "hub.example");
    assert.deepEqual([failure.message, failure.host, failure.facts.transient], [message, "hub.example", transient]);
  });
}

function answer(status: number, headers: Record<string, string> = {}) {
  const response = new Response(null, { status, headers });
  Object.defineProperty(response, "url", { value: "https://hub.example/x" });
  return failureOf(response, Date.parse("2026-01-01T00:00:00Z"));
}

Deno.test("failureOf() tells answers that pass from those that do not", () => {
  assert.equal(answer(200), undefined);
  for (const status of [408, 425, 429, 500, 503]) assert.ok(answer(status)?.facts.transient, String(status));
  for (const status of [400, 401, 403, 404, 410, 416]) assert.ok(!answer(status)?.facts.transient, String(status));
});

Deno.test("failureOf() reads how long to wait, in seconds and as a date", () => {
  const wait = (text: string) => answer(429, { "retry-after": text })?.facts.retryAfter;
  assert.equal(wait("7"), 7000);
  assert.equal(wait("Thu, 01 Jan 2026 00:00:30 GMT"), 30_000);
  assert.equal(wait("Wed, 31 Dec 2025 00:00:00 GMT"), 0);
  assert.equal(wait("soon"), undefined);
});
