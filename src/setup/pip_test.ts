import assert from "node:assert/strict";
import { configFiles, indexSettings, parseConfig } from "./pip.ts";

const home = Deno.makeTempDirSync();
Deno.test.afterAll(() => Deno.removeSync(home, { recursive: true }));

/** A pip.conf with this text. */
function conf(text: string): string {
  const path = `${Deno.makeTempDirSync({ dir: home })}/pip.conf`;
  Deno.writeTextFileSync(path, text);
  return path;
}

const usual = () => Promise.resolve("https://usual/simple");
const unasked = () => assert.fail("pip was asked");

Deno.test("indexSettings() reads pip's files, of which later ones override earlier ones", async () => {
  const files = [
    conf(
      "[global]\nindex-url = https://one/simple/\nextra-index-url =\n    https://two/simple\n    file:///three\ncert: /ca.pem\n",
    ),
    "/nowhere/pip.conf",
    conf("# mine\n[global]\nindex_url = https://four/simple\n[list]\nindex-url = https://no\n"),
  ];
  assert.deepEqual(await indexSettings({}, { files, usual: unasked }), {
    indexes: ["https://four/simple", "https://two/simple", "file:///three"],
    findLinks: [],
    cert: "/ca.pem",
  });
});

Deno.test("indexSettings() prefers pip's variables to its files", async () => {
  const env = { PIP_INDEX_URL: "https://a:b@env/simple/", PIP_FIND_LINKS: "/wheels ~/more", PIP_PROXY: "proxy:3128" };
  const files = [conf("[global]\nindex-url = https://one/simple\nproxy = other:1\n")];
  assert.deepEqual(await indexSettings(env, { files, usual: unasked }), {
    indexes: ["https://a:b@env/simple"],
    findLinks: ["/wheels", "~/more"],
    proxy: "proxy:3128",
  });
});

Deno.test("indexSettings() asks pip for its index when none is configured, and adds the extra ones", async () => {
  const { indexes } = await indexSettings({ PIP_EXTRA_INDEX_URL: "https://extra" }, { files: [], usual });
  assert.deepEqual(indexes, ["https://usual/simple", "https://extra"]);
  const none = await indexSettings({}, { files: [], usual: () => Promise.resolve(undefined) });
  assert.deepEqual(none.indexes, []);
});

Deno.test("indexSettings() takes the index of --index-url alone, and none where no-index is set", async () => {
  const env = { PIP_INDEX_URL: "https://env", PIP_FIND_LINKS: "/wheels", PIP_CERT: "/ca.pem" };
  const given = await indexSettings(env, { files: [], indexUrl: "https://given/" });
  assert.deepEqual(given, { indexes: ["https://given"], findLinks: [], cert: "/ca.pem" });
  const offline = await indexSettings({ ...env, PIP_NO_INDEX: "1" }, { files: [] });
  assert.deepEqual([offline.indexes, offline.findLinks], [[], ["/wheels"]]);
});

Deno.test("configFiles() are where pip looks; PIP_CONFIG_FILE takes the place of the user's", () => {
  assert.deepEqual(configFiles({ HOME: "/home/ada", VIRTUAL_ENV: "/venv" }), [
    "/etc/xdg/pip/pip.conf",
    "/etc/pip.conf",
    "/home/ada/.pip/pip.conf",
    "/home/ada/.config/pip/pip.conf",
    "/venv/pip.conf",
  ]);
  const own = configFiles({ HOME: "/home/ada", PIP_CONFIG_FILE: "/my.conf" });
  assert.deepEqual(own, ["/etc/xdg/pip/pip.conf", "/etc/pip.conf", "/my.conf"]);
  assert.deepEqual(configFiles({ PIP_CONFIG_FILE: "/dev/null" }), []);
});

Deno.test("parseConfig() joins [global] with [install] and [download]", () => {
  const text = "[download]\ntimeout = 9\n[global]\ntimeout = 1\nretries=2\n; no\n[install]\nretries = 3\n";
  assert.deepEqual(parseConfig(text), { timeout: "9", retries: "3" });
});
