import assert from "node:assert/strict";
import { fitsSystem, projectName, wheelNamed } from "./wheel_name.ts";

Deno.test("wheelNamed() takes a wheel's name apart", () => {
  assert.deepEqual(wheelNamed("nvidia_cudnn_cu13-9.20.0.48-py3-none-manylinux_2_27_x86_64.whl"), {
    filename: "nvidia_cudnn_cu13-9.20.0.48-py3-none-manylinux_2_27_x86_64.whl",
    project: "nvidia-cudnn-cu13",
    version: "9.20.0.48",
    build: "",
    platforms: ["manylinux_2_27_x86_64"],
  });
  assert.equal(wheelNamed("torch-2.13.0+cu126-1-cp312-cp312-linux_x86_64.whl")?.build, "cu126");
  for (
    const other of ["torch-2.13.0.tar.gz", "torch.whl", "../torch-2.13.0-py3-none-any.whl", "a b-1-py3-none-any.whl"]
  ) {
    assert.equal(wheelNamed(other), undefined, other);
  }
});

Deno.test("fitsSystem() asks for Linux, this processor and a C library that is new enough", () => {
  const fits = (platform: string) => fitsSystem({ platforms: platform.split(".") } as never, "x86_64", [2, 28]);
  for (const good of ["any", "linux_x86_64", "manylinux2014_x86_64", "manylinux_2_17_x86_64.manylinux2014_x86_64"]) {
    assert.ok(fits(good), good);
  }
  assert.ok(fits("manylinux_2_28_x86_64"));
  for (const bad of ["manylinux_2_29_x86_64", "manylinux_2_28_aarch64", "win_amd64", "macosx_14_0_arm64"]) {
    assert.ok(!fits(bad), bad);
  }
});

Deno.test("projectName() spells names as indexes do", () => {
  assert.equal(projectName("Nvidia_NVSHMEM.cu13"), "nvidia-nvshmem-cu13");
});
