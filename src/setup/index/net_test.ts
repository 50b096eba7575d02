import assert from "node:assert/strict";
import { Net, NetFailure, waitOf } from "./net.ts";

Deno.test("persist() waits longer each time, at most half a minute, and gives up in the end", async () => {
  const pauses: number[] = [];
  using net = new Net({}, { tries: 9, sleep: (pause) => (pauses.push(pause), Promise.resolve()) });
  await assert.rejects(net.persist(() => Promise.reject(new NetFailure("busy", true))), { message: "busy" });
  assert.equal(pauses.length, 8);
  pauses.forEach((pause, i) => {
    const mean = Math.min(30_000, 500 * 2 ** i);
    assert.ok(pause >= 0.75 * mean && pause <= 1.25 * mean, `${pauses}`);
  });
});

Deno.test("persist() counts anew when a try got somewhere, and does not repeat what will not pass", async () => {
  using net = new Net({}, { tries: 2, sleep: () => Promise.resolve() });
  let tries = 0;
  const far = net.persist(
    () => ++tries < 6 ? Promise.reject(new NetFailure("cut", true)) : Promise.resolve(tries),
    () => true,
  );
  assert.equal(await far, 6);
  tries = 0;
  await assert.rejects(net.persist(() => (tries++, Promise.reject(new NetFailure("no", false)))), { message: "no" });
  assert.equal(tries, 1);
});

Deno.test("waitOf() reads seconds and dates, and waits no longer than five minutes", () => {
  const now = Date.parse("2026-11-21T00:00:00Z");
  assert.equal(waitOf("7"), 7000);
  assert.equal(waitOf("Sat, 21 Nov 2026 00:01:00 GMT", now), 60_000);
  assert.equal(waitOf("Fri, 20 Nov 2026 00:00:00 GMT", now), 0);
  assert.equal(waitOf("86400"), 300_000);
  assert.deepEqual([waitOf(null), waitOf("soon")], [0, 0]);
});

Deno.test("a proxy is asked in the index's place, with the whole address", async () => {
  const asked: string[] = [];
  const proxy = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ url }) => {
    asked.push(url);
    return new Response("through the proxy");
  });
  {
    using net = new Net({ proxy: `127.0.0.1:${proxy.addr.port}` });
    assert.equal(await net.text("http://index.invalid/simple/torch/"), "through the proxy");
  }
  await proxy.shutdown();
  assert.deepEqual(asked, ["http://index.invalid/simple/torch/"]);
});

Deno.test("a name and password are shown to the host whose address has them, and to no other", async () => {
  const seen: (string | null)[] = [];
  const serve = () =>
    Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ headers }) => {
      seen.push(headers.get("authorization"));
      return new Response("");
    });
  const [index, other] = [serve(), serve()];
  {
    using net = new Net();
    await net.text(`http://ada:pass%20w%C3%B6rd@127.0.0.1:${index.addr.port}/simple/torch/`);
    await net.text(`http://127.0.0.1:${index.addr.port}/files/torch.whl`); // as the index's page links it
    await net.text(`http://127.0.0.1:${other.addr.port}/files/torch.whl`);
  }
  await Promise.all([index.shutdown(), other.shutdown()]);
  const shown = "Basic YWRhOnBhc3Mgd8O2cmQ="; // "ada:pass wörd" in UTF-8
  assert.deepEqual(seen, [shown, shown, null]);
});
