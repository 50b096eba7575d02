import assert from "node:assert/strict";
import { indexClient } from "../setup/pip.ts";
import { Client, type RetryOptions } from "./client.ts";
import { NetFailure } from "./failure.ts";

const busy = () => new NetFailure("answered 503", "index.example", { transient: true });
const pause: RetryOptions["pause"] = () => Promise.resolve();

/** A server on the loopback, and the headers that it was sent. */
function serve(answer: (request: Request) => Response = () => new Response("")) {
  const seen: Headers[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    seen.push(request.headers);
    return answer(request);
  });
  const { port } = server.addr;
  return { url: `http://127.0.0.1:${port}`, port, seen, [Symbol.asyncDispose]: () => server.shutdown() };
}

Deno.test("persist() waits longer each time, at most half a minute, and gives up in the end", async () => {
  await using server = serve();
  const pauses: number[] = [];
  using client = new Client({ tries: 9, pause: (pause) => (pauses.push(pause), Promise.resolve()) });
  await client.ask(server.url);
  await assert.rejects(client.persist(() => Promise.reject(busy())), { message: "answered 503" });
  assert.equal(pauses.length, 8);
  pauses.forEach((pause, i) => {
    const longest = Math.min(30_000, 500 * 2 ** i);
    assert.ok(pause >= 0.75 * longest && pause <= longest, `${pauses}`);
  });
});

Deno.test("persist() tries three times where no server has ever answered", async () => {
  using client = new Client({ tries: 9, pause });
  let tries = 0;
  await assert.rejects(client.persist(() => (tries++, Promise.reject(busy()))));
  assert.equal(tries, 3);
});

Deno.test("persist() counts anew after progress, and does not repeat what will not pass", async () => {
  using client = new Client({ tries: 2, pause });
  let tries = 0;
  const far = client.persist(() => ++tries < 6 ? Promise.reject(busy()) : Promise.resolve(tries), {
    progress: () => true,
  });
  assert.equal(await far, 6);
  tries = 0;
  const final = new NetFailure("answered 404", "index.example", { transient: false });
  await assert.rejects(client.persist(() => (tries++, Promise.reject(final))), { message: "answered 404" });
  assert.equal(tries, 1);
});

Deno.test("persist() waits as long as a server asks for, but no longer than five minutes", async () => {
  await using server = serve(() => new Response("", { status: 503, headers: { "retry-after": "86400" } }));
  const pauses: number[] = [];
  using client = new Client({ tries: 2, pause: (pause) => (pauses.push(pause), Promise.resolve()) });
  await assert.rejects(client.ask(server.url), { name: "NetFailure", message: "answered 503" });
  assert.deepEqual(pauses, [300_000]);
});

Deno.test("a proxy is sent the whole address", async () => {
  const asked: string[] = [];
  await using proxy = serve(({ url }) => (asked.push(url), new Response("through the proxy")));
  using client = indexClient({ proxy: `127.0.0.1:${proxy.port}` });
  assert.equal(await (await client.ask("http://index.invalid/simple/torch/")).text(), "through the proxy");
  assert.deepEqual(asked, ["http://index.invalid/simple/torch/"]);
});

Deno.test("a name and password are shown to the host whose address has them, and to no other", async () => {
  await using other = serve();
  await using index = serve(({ url }) =>
    url.endsWith("/away") ? Response.redirect(`${other.url}/file`) : new Response("")
  );
  using client = new Client();
  await client.ask(`http://ada:pass%20w%C3%B6rd@127.0.0.1:${index.port}/simple/torch/`);
  await client.ask(`${index.url}/files/torch.whl`); // as the index's page links it
  await client.ask(`${index.url}/away`);
  await client.ask(`${other.url}/files/torch.whl`);
  const secrets = ({ seen }: { seen: Headers[] }) => seen.map((headers) => headers.get("authorization"));
  const shown = "Basic YWRhOnBhc3Mgd8O2cmQ="; // "ada:pass wörd" in UTF-8
  assert.deepEqual([secrets(index), secrets(other)], [[shown, shown, shown], [null, null]]);
});
