import assert from "node:assert/strict";
import { isNeeded } from "./fetch.ts";

Deno.test("isNeeded() keeps libraries, headers and the version, and CUDA's only for a GPU", () => {
  const kept = (gpu: boolean) => (name: string) => isNeeded(name, gpu);
  const cpu = [
    "torch/lib/libtorch_cpu.so",
    "torch/lib/libc10.so",
    "torch/lib/libgomp.so.1",
    "torch/include/ATen/Operators.h",
    "torch/version.py",
    "torch.libs/libopenblas-1.so",
    "nvidia/cu13/lib/libcudart.so.13",
    "nvidia/cu13/lib/libcupti.so.13",
  ];
  const gpu = ["torch/lib/libtorch_cuda.so", "torch/lib/libc10_cuda.so", "nvidia/cudnn/lib/libcudnn.so.9"];
  const never = ["torch/__init__.py", "torch/lib/libtorch_python.so", "torch/utils/lib/x.so", "torchgen/model.py"];
  assert.deepEqual([...cpu, ...gpu, ...never].filter(kept(false)), cpu);
  assert.deepEqual([...cpu, ...gpu, ...never].filter(kept(true)), [...cpu, ...gpu]);
});
