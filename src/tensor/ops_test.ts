import assert from "node:assert/strict";
import { schemaOf } from "./mod.ts";
import "../../tests/support/tensors.ts";

// Defaults are spelled differently by different versions: 0. and 0.0, Mean and 1.
const normal = (s: string) => s.replace(/(\d)\.(?!\d)/g, "$1.0").replace("reduction=Mean", "reduction=1");

Deno.test("each line of ffi/ops.txt is the schema that libtorch registers", () => {
  const lines = Deno.readTextFileSync(new URL("../../ffi/ops.txt", import.meta.url)).split("\n")
    .filter((l) => /^\w/.test(l) && !l.startsWith("ftx::")).map((l) => l.split("  as ")[0]);
  assert.ok(lines.length > 80);
  const drifted = lines.filter((line) => {
    const [, name, overload = ""] = line.match(/^(\w+)(?:\.(\w+))?\(/)!;
    return normal(schemaOf(name, overload) ?? "none") !== normal(line);
  });
  assert.deepEqual(drifted, []);
});
