import assert from "node:assert/strict";
import { redirected } from "./send.ts";

const HUB = "https://hub.example";
const to = (location: string, endpoint = HUB) =>
  redirected(new URL("https://hub.example/a/b"), location, endpoint).href;

Deno.test("redirected() follows to other hosts and to paths", () => {
  assert.equal(to("https://cdn.example/x?y=1"), "https://cdn.example/x?y=1");
  assert.equal(to("/c"), "https://hub.example/c");
});

Deno.test("redirected() refuses addresses that no server has a reason to redirect to", () => {
  const says = (location: string, why: string) =>
    assert.throws(() => to(location), { name: "NetFailure", message: `redirects to ${why}`, host: "hub.example" });
  says("file:///etc/passwd", "a file: address");
  says("http://cdn.example/x", "an address without encryption");
  says("https://[", "something that is not an address");
  for (const host of ["localhost", "127.0.0.1", "169.254.169.254", "[::1]", "0.0.0.0"]) {
    says(`https://${host}/`, "this machine itself");
  }
});

Deno.test("redirected() stays on this machine where the hub is on it", () => {
  const from = new URL("http://127.0.0.1:80/");
  assert.equal(redirected(from, "http://localhost:81/", "http://127.0.0.1:80").host, "localhost:81");
});
