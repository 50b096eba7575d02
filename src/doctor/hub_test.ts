import assert from "node:assert/strict";
import type { HubPlace } from "../hub/mod.ts";
import { hubPlace } from "../hub/mod.ts";
import { hubFinding, tokenFinding } from "./hub.ts";

const PLACE: HubPlace = { cache: "/cache", offline: false, stall: 1000, patience: 1000 };

/** What is found when the hub answers like this. */
async function answered(answer: () => Promise<Response> | Response, patience = 2000) {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, answer);
  const endpoint = `http://127.0.0.1:${server.addr.port}`;
  const finding = await hubFinding(() => ({ ...PLACE, endpoint }), patience);
  await server.shutdown();
  return { ...finding, text: finding.text.replace(/\d+ ms/, "N ms").replace(endpoint.slice(7), "HOST") };
}

Deno.test("hubFinding() tells that the hub answers, whatever it says to a stranger", async () => {
  for (const status of [200, 302, 401]) {
    const { state, text } = await answered(() =>
      new Response(null, { status, headers: { location: "http://127.0.0.1:9/" } })
    );
    assert.deepEqual([state, text], ["ok", "HOST answers after N ms"]);
  }
});

Deno.test("hubFinding() warns of a hub that fails, or does not answer in time", async () => {
  assert.deepEqual((await answered(() => new Response(null, { status: 503 }))).text, "HOST answers 503");
  const slow = await answered(() => new Promise((done) => setTimeout(() => done(new Response()), 600)), 200);
  assert.deepEqual([slow.state, slow.text], ["warning", "HOST does not answer within 0.2 s"]);
});

Deno.test("hubFinding() asks nobody where the hub is not to be asked", async () => {
  const finding = await hubFinding(() => ({ ...PLACE, endpoint: "http://127.0.0.1:9", offline: true }));
  assert.equal(finding.text, "not checked: HF_HUB_OFFLINE is set; models come from the cache");
});

Deno.test("hubFinding() repeats what is wrong with the settings", async () => {
  const place = () => hubPlace({}, (name) => name === "HF_ENDPOINT" ? "mirror" : undefined);
  const { state, text, remedy } = await hubFinding(place);
  assert.deepEqual([state, text, remedy], [
    "problem",
    'Cannot use HF_ENDPOINT = "mirror": it is not an address',
    "write https://… or leave it out",
  ]);
});

Deno.test("tokenFinding() says where the token is from, and never shows it", () => {
  const finding = tokenFinding(() => ({ ...PLACE, token: { text: "hf_secret", from: "HF_TOKEN" } }));
  assert.equal(finding.text, "found in HF_TOKEN");
  assert.ok(!JSON.stringify(finding).includes("secret"));
  assert.equal(tokenFinding(() => PLACE).text, "none: gated models cannot be downloaded (set HF_TOKEN)");
});
