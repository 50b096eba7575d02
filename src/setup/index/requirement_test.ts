import assert from "node:assert/strict";
import { accepts, markerHolds, requirementsOf } from "./requirement.ts";

// As in the metadata of torch 2.13.0 and cuda-toolkit 13.0.3.
const TORCH = `Name: torch
Requires-Dist: sympy>=1.13.3
Requires-Dist: cuda-toolkit[cublas,cudart]==13.0.3; platform_system == "Linux"
Requires-Dist: cuda-bindings<14,>=13.0.3; platform_system == "Linux" and python_version < "3.10"
Requires-Dist: optree>=0.13.0; extra == "optree"

Requires-Python: no header any more`;
const TOOLKIT =
  `Requires-Dist: nvidia-cublas==13.1.1.3.*; (sys_platform == 'linux' and platform_machine == 'aarch64' or ` +
  `sys_platform == 'linux' and platform_machine == 'x86_64' or sys_platform == 'win32') and extra == 'cublas'`;

Deno.test("requirementsOf() are those that hold here, with extras only when they are asked for", () => {
  assert.deepEqual(requirementsOf(TORCH), [
    { project: "sympy", extras: [], versions: ">=1.13.3" },
    { project: "cuda-toolkit", extras: ["cublas", "cudart"], versions: "==13.0.3" },
  ]);
  assert.deepEqual(requirementsOf(TORCH, ["optree"]).at(-1)?.project, "optree");
  assert.deepEqual(requirementsOf(TOOLKIT), []);
  assert.deepEqual(requirementsOf(TOOLKIT, ["cudart", "cublas"], "aarch64"), [
    { project: "nvidia-cublas", extras: [], versions: "==13.1.1.3.*" },
  ]);
  assert.deepEqual(requirementsOf(TOOLKIT, ["cublas"], "riscv64"), []);
});

Deno.test("markerHolds() knows every sign, and what binds closer", () => {
  const values = { python_version: "3.12", sys_platform: "linux", extra: "" };
  const holds = (marker: string) => markerHolds(marker, values);
  for (
    const yes of [
      'python_version >= "3.9"', // versions, not texts
      "'3.9' < python_version",
      'python_version ~= "3.8"',
      'sys_platform in "linux darwin"',
      'sys_platform not in "win32 darwin"',
      'sys_platform === "linux"',
      'sys_platform == "linux" or python_version < "3" and extra == "x"',
    ]
  ) assert.equal(holds(yes), true, yes);
  for (
    const no of [
      'python_version < "3.9"',
      'sys_platform != "linux"',
      '(sys_platform == "linux" or extra == "") and python_version > "3.12"',
    ]
  ) assert.equal(holds(no), false, no);
  for (const wrong of ['planet == "earth"', 'extra == "x', 'extra = "x"', '(extra == ""', 'extra == "" extra']) {
    assert.throws(() => holds(wrong), SyntaxError, wrong);
  }
});

Deno.test("accepts() knows the ways to ask for versions", () => {
  assert.ok(accepts("==13.1.1.3.*", "13.1.1.3"));
  assert.ok(accepts("<14,>=13.0.88", "13.0.88"));
  assert.ok(accepts("", "1.0"));
  assert.ok(!accepts("<14,>=13.0.88", "14.0"));
});
