import assert from "node:assert/strict";
import { RowsBuilder } from "./builder.ts";
import { joinRows, selectRows } from "./rows.ts";

const document = (...ids: number[]) => ({ ids: Int32Array.from(ids), labels: Int32Array.from(ids) });

Deno.test("RowsBuilder collects rows of several documents and the numbers of each", () => {
  const builder = new RowsBuilder();
  builder.add([document(1, 2), document(3)], { margin: 0.5 });
  builder.add([document(4)], { margin: -1 });
  const { documents, rows } = builder.build();
  assert.deepEqual([documents.ids, documents.offsets], [Int32Array.of(1, 2, 3, 4), Float64Array.of(0, 2, 3, 4)]);
  assert.deepEqual(rows, {
    members: Int32Array.of(0, 1, 2),
    starts: Int32Array.of(0, 2, 3),
    tags: { margin: Float32Array.of(0.5, -1) },
  });
});

Deno.test("RowsBuilder refuses a row with other tags", () => {
  const builder = new RowsBuilder();
  builder.add([document(1)], { margin: 1 });
  assert.throws(() => builder.add([document(2)]), {
    message:
      'Cannot add row 1: its tags are none, and those of the rows before it are "margin"; give every row the same ' +
      "tags",
  });
});

const pairs = { members: Int32Array.of(0, 1, 2, 3), starts: Int32Array.of(0, 2, 4) };

Deno.test("selectRows() takes whole rows with their tags, in any order, some twice", () => {
  const tags = { label: Float32Array.of(1, 0) };
  assert.deepEqual(selectRows({ ...pairs, tags }, Int32Array.of(1, 0, 1)), {
    members: Int32Array.of(2, 3, 0, 1, 2, 3),
    starts: Int32Array.of(0, 2, 4, 6),
    tags: { label: Float32Array.of(0, 1, 0) },
  });
});

Deno.test("joinRows() numbers the documents of later collections after those before", () => {
  const rows = (label: number) => ({ ...pairs, tags: { label: Float32Array.of(label, label) } });
  assert.deepEqual(joinRows([rows(1), rows(2)], [4, 4]), {
    members: Int32Array.of(0, 1, 2, 3, 4, 5, 6, 7),
    starts: Int32Array.of(0, 2, 4, 6, 8),
    tags: { label: Float32Array.of(1, 1, 2, 2) },
  });
});
