import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DataError } from "../../errors.ts";
import { filesAt, readRows, type Row } from "./mod.ts";
import { textOf } from "./row.ts";

const folder = mkdtempSync(join(tmpdir(), "ftx-sources-"));
addEventListener("unload", () => rmSync(folder, { recursive: true }));

async function rowsOf(name: string, content: string | Uint8Array): Promise<Row[]> {
  const path = join(folder, name);
  writeFileSync(path, content);
  const rows: Row[] = [];
  for await (const row of readRows(filesAt(path))) rows.push(row);
  return rows;
}

const values = (rows: Row[]) => rows.map((row) => "value" in row ? { ...row.value } : row.bad);
const places = (rows: Row[]) => rows.map((row) => row.place.slice(folder.length + 1));

Deno.test("readRows() reads JSON lines with BOM, CRLF, empty lines and no last line end", async () => {
  const rows = await rowsOf("a.jsonl", '\ufeff{"a": 1}\r\n\r\n{"a": "ü"}\n{"a": 3}');
  assert.deepEqual(values(rows), [{ a: 1 }, { a: "ü" }, { a: 3 }]);
  assert.deepEqual(places(rows), ["a.jsonl:1", "a.jsonl:3", "a.jsonl:4"]);
});

Deno.test("readRows() says which lines are not JSON, not objects, not UTF-8", async () => {
  const broken = new Uint8Array([
    ...new TextEncoder().encode('{"a": 1}\n{"a": \n[1]\n{"a": "'),
    0xff,
    0x22,
    0x7d,
    0x0a,
  ]);
  const rows = await rowsOf("b.jsonl", broken);
  assert.deepEqual(values(rows), [{ a: 1 }, "it is not JSON", "it is not an object", "it is not UTF-8"]);
  assert.equal(places(rows).at(-1), "b.jsonl:4");
});

Deno.test("readRows() names NaN and Infinity, which Python writes and JSON does not know", async () => {
  const rows = await rowsOf("n.jsonl", '{"a": NaN}\n{"a": [-Infinity], "b": "\\"NaN"}\n{"a": "NaN"}\n{"a": NaN\n');
  const sentence = "it has NaN or Infinity, which JSON does not know; write null";
  assert.deepEqual(values(rows), [sentence, sentence, { a: "NaN" }, "it is not JSON"]);
});

Deno.test("readRows() reads lines that span the pieces a file is read in", async () => {
  const lines = Array.from({ length: 30 }, (_, i) => ({ i, text: "x".repeat(100_000 + i) }));
  const rows = await rowsOf("long.jsonl", lines.map((line) => JSON.stringify(line)).join("\n"));
  assert.deepEqual(values(rows), lines);
});

Deno.test("readRows() refuses a line of more than 32 MiB", async () => {
  const line = new Uint8Array(34 * 2 ** 20).fill(0x61);
  const sentence = /Cannot read ".*huge.jsonl": line 1 is longer than 32 MiB; put one example on each line/;
  await assert.rejects(rowsOf("huge.jsonl", line), sentence);
});

Deno.test("readRows() reads a list in JSON, a list in an object, and JSON lines in .json", async () => {
  assert.deepEqual(values(await rowsOf("a.json", '[{"a": 1}, 5]')), [{ a: 1 }, "it is not an object"]);
  assert.deepEqual(values(await rowsOf("b.json", '\ufeff{"version": 1, "data": [{"a": 1}]}')), [{ a: 1 }]);
  const rows = await rowsOf("c.json", '{"a": 1}\n{"a": 2}\n');
  assert.deepEqual(values(rows), [{ a: 1 }, { a: 2 }]);
  assert.deepEqual(places(rows), ["c.json:1", "c.json:2"]);
});

Deno.test("readRows() reads CSV with quotes and line breaks in cells, and TSV", async () => {
  const rows = await rowsOf("a.csv", '\ufeffq,a\r\n"x, ""y""\nz",1\r\nw,2\r\n');
  assert.deepEqual(values(rows), [{ q: 'x, "y"\nz', a: "1" }, { q: "w", a: "2" }]);
  assert.deepEqual(values(await rowsOf("a.tsv", "q\ta\n1,5\t2\n")), [{ q: "1,5", a: "2" }]);
});

Deno.test("readRows() reads lines of text and packed files", async () => {
  assert.deepEqual(values(await rowsOf("a.txt", "one\n\n two\n")), [{ text: "one" }, { text: " two" }]);
  assert.deepEqual(values(await rowsOf("a.jsonl.gz", gzipSync('{"a": 1}\n'))), [{ a: 1 }]);
});

/** Files that cannot be read at all, and what is said. */
const BROKEN: [name: string, content: string | Uint8Array, sentence: RegExp][] = [
  ["x.json", "", /x.json": it is empty; give a list of examples$/],
  ["x.json", '[{"a": 1},\n {"a": }]', /x.json:2": it is not JSON \(.*\); fix that line$/],
  ["x.json", '[{"a": 1},\n', /x.json:2": it is not JSON/],
  ["x.json", '{"a": 1, "b": 2}', /it has no list of examples; write/],
  ["x.json", `[${'{"a": "b, ]"},\n'.repeat(500)} {"a": 1,}]`, /x.json:501": it is not JSON \(.*\); fix that line$/],
  ["x.json", new Uint8Array([0x5b, 0xff, 0x5d]), /x.json": it is not UTF-8; save it as UTF-8$/],
  ["x.csv", 'a,b\n"1,2\n3,4\n', /x.csv(:\d+)?": a quoted cell is never closed; add the closing quote$/],
  ["x.parquet", "PAR1 no", /it is damaged or not a Parquet file \(.*\); download it again$/],
  ["x.jsonl.gz", "no gzip", /it is damaged or not a gzip file; download or compress it again$/],
  [
    "y.jsonl.gz",
    gzipSync('{"a": 1}\n'.repeat(99)).subarray(0, 30),
    /it is cut short; download or compress it again$/,
  ],
  ["x.gz", "", /x.gz": ftx does not read this type of file; use one of .json/],
  ["x.arrow", "", /x.arrow": ftx does not read this type of file; save it as parquet/],
];

for (const [name, content, sentence] of BROKEN) {
  Deno.test(`readRows() refuses a file with a sentence: ${sentence.source}`, async () => {
    await assert.rejects(rowsOf(name, content), (error: Error) => {
      assert.ok(error instanceof DataError);
      assert.match(error.message, sentence);
      return true;
    });
  });
}

Deno.test("readRows() leaves out rows of CSV with more cells than names, and takes empty ones beyond them for none", async () => {
  const rows = await rowsOf("c.csv", "q,a\nx,y, z\nx,y,\nx\n");
  assert.deepEqual(values(rows), [
    "it has 3 cells for 2 columns; quote cells that hold the separator",
    { q: "x", a: "y" },
    { q: "x" },
  ]);
  await assert.rejects(rowsOf("d.csv", "a,b,a\n1,2,3\n"), {
    name: "DataError",
    message: `Cannot read "${folder}/d.csv": its first line names the column "a" twice; rename one`,
  });
});

Deno.test("readRows() gives the values of a Parquet file's types as a JSON file would hold them", async () => {
  const path = new URL("../../../tests/fixtures/data/kinds.parquet", import.meta.url).pathname;
  const [row] = await Array.fromAsync(readRows([path]));
  assert.ok("value" in row);
  const { messages, images, date, time, bytes, ...plain } = row.value as Record<string, any>;
  assert.deepEqual({ ...plain }, {
    text: "a",
    large: "b",
    dictionary: "c",
    int: 7,
    huge: "4611686018427387905",
    float: 0.5,
    decimal: 1.25,
    bool: true,
    none: null,
    history: [["q", "r"]],
    empty: [],
  });
  assert.deepEqual([bytes, images[0].bytes], [Uint8Array.of(0xff, 0xd8), Uint8Array.of(0xff, 0xd8)]);
  assert.deepEqual([date, time].map((one) => one.toISOString().slice(0, 13)), ["2024-02-29T00", "2024-02-29T12"]);
  assert.equal(messages[1].tool_calls[0].function.arguments, '{"x": 1}');
});

Deno.test("textOf() writes numbers out that are exact, and says of other cells what they are", () => {
  assert.deepEqual([7, 0.5, true, null, "a"].map((cell) => textOf(cell, "x")), ["7", "0.5", "true", "", "a"]);
  const bad = (cell: unknown, message: string) => assert.throws(() => textOf(cell, "x"), { message });
  bad(2 ** 53, "its x is a number beyond 2^53, whose digits are not exact; write it as text");
  bad(new Date(), "its x is a date, not text");
  bad(new Uint8Array(2), "its x is bytes, not text");
  bad([], "its x is a list, not text");
});

Deno.test("readRows() refuses a gzip bomb", async () => {
  const bomb = gzipSync(new Uint8Array(40 * 2 ** 20).fill(0x20));
  await assert.rejects(rowsOf("bomb.jsonl.gz", bomb), /it unpacks to more than 200 times its size or 8 GiB/);
});

Deno.test("filesAt() lists a folder's files of one type", () => {
  const path = join(folder, "many");
  mkdirSync(path);
  assert.throws(() => filesAt(path), /the folder has no data files/);
  for (const name of ["b.jsonl", "a.jsonl.gz", "dataset_info.json", "README.md", ".hidden.json"]) {
    writeFileSync(join(path, name), "");
  }
  assert.deepEqual(filesAt(path), [join(path, "a.jsonl.gz"), join(path, "b.jsonl")]);
  writeFileSync(join(path, "c.csv"), "");
  assert.throws(
    () => filesAt(path),
    /the folder has files of several types \(a.jsonl.gz, b.jsonl, c.csv\); keep one type/,
  );
  assert.throws(() => filesAt(join(folder, "none.json")), /there is no such file or folder; check its name/);
});

Deno.test("readRows() reads Parquet as pyarrow writes it: lists, objects, zstd, several row groups", async () => {
  const path = new URL("../../../tests/fixtures/data/chat.parquet", import.meta.url).pathname;
  const rows: Row[] = [];
  for await (const row of readRows([path])) rows.push(row);
  assert.deepEqual(values(rows)[4], {
    messages: [{ role: "user", content: "Wie viel ist 4 + 1?" }, { role: "assistant", content: "5" }],
    id: 4,
  });
  assert.deepEqual([rows.length, rows[4].place], [5, `${path}, row 5`]);
});
