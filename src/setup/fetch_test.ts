import assert from "node:assert/strict";
import { isNeeded, nvidiaOf, wantedTorch } from "./fetch.ts";

// As in the metadata of torch 2.13.0.
const REQUIREMENTS = [
  "filelock",
  'cuda-toolkit[cublas,cudart,cupti]==13.0.3; platform_system == "Linux"',
  'nvidia-cudnn-cu13==9.20.0.48; platform_system == "Linux"',
  'triton==3.7.1; platform_system == "Linux"',
];

Deno.test("wantedTorch() asks for the CPU build where there is no driver, and does with the other one", () => {
  assert.deepEqual(wantedTorch(false), ["torch==2.13.0+cpu", "torch===2.13.0", "torch==2.13.0"]);
  assert.deepEqual(wantedTorch(true), ["torch===2.13.0", "torch==2.13.0"]);
});

Deno.test("nvidiaOf() is all of NVIDIA's for a GPU, two small libraries for a CUDA build on a CPU, nothing for a CPU build", () => {
  assert.deepEqual(nvidiaOf(REQUIREMENTS, true), REQUIREMENTS.slice(1, 3));
  assert.deepEqual(nvidiaOf(REQUIREMENTS, false), ['cuda-toolkit[cudart,cupti]==13.0.3; platform_system == "Linux"']);
  assert.deepEqual(nvidiaOf(["filelock", "sympy"], false), []);
});

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
