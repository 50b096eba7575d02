import assert from "node:assert/strict";
import { wheelsOf } from "./page.ts";

const SUM = "ab".repeat(32);
const NAME = "torch-2.13.0+cpu-cp312-cp312-manylinux_2_28_x86_64.whl";
const WHEEL = {
  filename: NAME,
  project: "torch",
  version: "2.13.0",
  build: "cpu",
  platforms: ["manylinux_2_28_x86_64"],
};

Deno.test("wheelsOf() reads the JSON of an index", () => {
  const files = [
    { filename: NAME, url: "../../files/t.whl", hashes: { sha256: SUM }, size: 7, yanked: false },
    { filename: NAME, url: "https://x/t.whl", hashes: {}, yanked: "broken" },
    { filename: "torch-2.13.0.tar.gz", url: "https://x/t.tar.gz", hashes: {} },
  ];
  assert.deepEqual(wheelsOf(JSON.stringify({ meta: { "api-version": "1.1" }, files }), "https://index/simple/torch/"), [
    { ...WHEEL, url: "https://index/files/t.whl", sha256: SUM, size: 7 },
  ]);
});

Deno.test("wheelsOf() reads the HTML of an index, with the checksum behind the address", () => {
  const html = `<!DOCTYPE html><body>
    <a data-requires-python="&gt;=3.10" href="/whl/${NAME.replace("+", "%2B")}#sha256=${SUM}">${NAME}</a><br/>
    <a href="../torch-2.12.0-py3-none-any.whl?a=1&amp;b=2">no checksum</a>
    <a href='torch-2.11.0-py3-none-any.whl' data-yanked="">withdrawn</a>
    <a href="torch-2.13.0.tar.gz">source</a>`;
  const [first, second, ...rest] = wheelsOf(html, "file:///index/torch/");
  assert.deepEqual(first, { ...WHEEL, url: `file:///whl/${NAME.replace("+", "%2B")}`, sha256: SUM });
  assert.deepEqual([second.url, second.sha256], ["file:///index/torch-2.12.0-py3-none-any.whl?a=1&b=2", undefined]);
  assert.deepEqual(rest, []);
});

Deno.test("wheelsOf() takes no name that leads out of a folder", () => {
  const html = `<a href="https://x/a%2F..%2F..%2Ftorch-2.13.0-py3-none-any.whl">x</a>`;
  assert.deepEqual(wheelsOf(html, "https://index/"), []);
  const files = [{ filename: "../torch-2.13.0-py3-none-any.whl", url: "https://x/t.whl", hashes: {} }];
  assert.deepEqual(wheelsOf(JSON.stringify({ files }), "https://index/"), []);
});
