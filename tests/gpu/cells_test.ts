import assert from "node:assert/strict";
import { CELLS, lengthsOf, modelFlops, SHAPES } from "../../bench/gpu/cells.ts";

Deno.test("lengthsOf() fills every row with documents, the same at each call", () => {
  for (const cell of Object.values(CELLS)) {
    const rows = lengthsOf(cell);
    assert.equal(rows.length, cell.rows);
    for (const row of rows) assert.equal(row.reduce((a, b) => a + b), cell.sequence);
    assert.ok(rows.flat().every((length) => length > 0));
    assert.deepEqual(lengthsOf(cell), rows);
  }
});

// GF a token of one document of 4,096 tokens, worked out by hand from the shapes: 6 P or 4 P + 6 P_lora, and attention
for (const [name, full, lora] of [["llama-3.2-1b", 8.2, 5.8], ["llama-3-8b", 48.2, 33.5]] as const) {
  Deno.test(`modelFlops() of ${name} are ${full} GF a token in full and ${lora} with LoRA`, () => {
    const flops = (method: "full" | "lora") =>
      modelFlops({ ...CELLS["8b-lora-4096"], method }, SHAPES[name], [4096]) / 1e9;
    assert.equal(Number(flops("full").toFixed(1)), full);
    assert.equal(Number(flops("lora").toFixed(1)), lora);
  });
}
