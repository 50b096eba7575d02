import assert from "node:assert/strict";
import { belongs } from "./program.ts";

Deno.test("belongs() takes the program with the shim's sources and the example, not its tests and tools", () => {
  const program = [
    "main.ts",
    "src/cli/train.ts",
    "src/tensor/tensor.gen.ts",
    "templates/qwen.ts",
    "ffi/kernels/rope.cpp",
  ]
    .concat(
      "ffi/ops.gen.cpp",
      "examples/tiny/model.safetensors",
      "examples/tiny/config.json",
      "examples/docker/train.json",
    );
  const others = ["src/cli/train_test.ts", "templates/tools_test.ts", "tools/setup.ts", "examples/tiny/loss.jsonl"]
    .concat("examples/docker/make.ts", "tests/ftx.ts", "README.md", "bench/main.ts");
  assert.deepEqual(program.filter((path) => !belongs(path)), []);
  assert.deepEqual(others.filter(belongs), []);
});
