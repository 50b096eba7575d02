import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { Client } from "../net/mod.ts";
import { linksOf, PackageIndex } from "./package_index.ts";

const home = Deno.makeTempDirSync({ prefix: "ftx index " }); // with spaces
Deno.test.afterAll(() => Deno.removeSync(home, { recursive: true }));

const SUM = "ab".repeat(32);
const NAME = "torch-2.13.0+cpu-cp312-cp312-manylinux_2_28_x86_64.whl";
const WHEEL = { project: "torch", file: NAME, sha256: SUM, size: 7 };

Deno.test("linksOf() reads the JSON of an index", () => {
  const files = [
    { filename: NAME, url: "../../files/t.whl", hashes: { sha256: SUM }, size: 7, yanked: false },
    { filename: "torch-2.13.0.tar.gz", url: "https://x/t.tar.gz", hashes: {} },
  ];
  assert.deepEqual(linksOf(JSON.stringify({ meta: { "api-version": "1.1" }, files }), "https://index/simple/torch/"), [
    { file: NAME, url: "https://index/files/t.whl", sha256: SUM },
    { file: "torch-2.13.0.tar.gz", url: "https://x/t.tar.gz", sha256: undefined },
  ]);
});

Deno.test("linksOf() reads the HTML of an index, with the checksum behind the address", () => {
  const html = `<!DOCTYPE html><body>
    <a data-requires-python="&gt;=3.10" href="/whl/${NAME.replace("+", "%2B")}#sha256=${SUM}">${NAME}</a><br/>
    <a href="../torch-2.12.0-py3-none-any.whl?a=1&amp;b=2">no checksum</a>`;
  assert.deepEqual(linksOf(html, "file:///index/torch/"), [
    { file: NAME, url: `file:///whl/${NAME.replace("+", "%2B")}`, sha256: SUM },
    {
      file: "torch-2.12.0-py3-none-any.whl",
      url: "file:///index/torch-2.12.0-py3-none-any.whl?a=1&b=2",
      sha256: undefined,
    },
  ]);
});

Deno.test("find() takes the file of that name, unless the page says that it has another checksum", async () => {
  const page = (sum: string) => `<a href="${NAME}#sha256=${sum}">${NAME}</a>`;
  using client = new Client();
  const found = async (...sums: string[]) => {
    const pages = sums.map((sum, i) => {
      Deno.writeTextFileSync(`${home}/${i}.html`, page(sum));
      return `${home}/${i}.html`;
    });
    return await new PackageIndex({ indexes: [], findLinks: pages }, client).find(WHEEL);
  };
  const url = pathToFileURL(`${home}/${NAME}`).href;
  assert.equal(await found(SUM), url);
  assert.equal(await found("cd".repeat(32), SUM), url);
  assert.equal(await found("cd".repeat(32)), undefined);
});

Deno.test("find() looks on this machine first: folders of wheels, and indexes that are folders", async () => {
  const wheels = `${home}/wheels`, index = `${home}/simple`;
  for (const folder of [wheels, `${index}/torch`]) Deno.mkdirSync(folder, { recursive: true });
  Deno.writeTextFileSync(`${index}/torch/index.html`, `<a href="../../files/${NAME}">${NAME}</a>`);
  using client = new Client({ tries: 1 });
  const nobody = "http://127.0.0.1:9/simple"; // asking it would fail
  const find = (indexes: string[], findLinks: string[]) => new PackageIndex({ indexes, findLinks }, client).find(WHEEL);
  assert.equal(await find([pathToFileURL(index).href, nobody], []), pathToFileURL(`${home}/files/${NAME}`).href);
  Deno.writeTextFileSync(`${wheels}/${NAME}`, "");
  assert.equal(await find([nobody], [wheels]), pathToFileURL(`${wheels}/${NAME}`).href.replace("+", "%2B"));
  assert.equal(await find([], [`${home}/nowhere`]), undefined);
  await assert.rejects(find([nobody], [`${home}/nowhere`]), { name: "NetFailure" });
});
