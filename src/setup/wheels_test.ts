import assert from "node:assert/strict";
import { compareVersions, OLDEST, TESTED } from "../libtorch/mod.ts";
import { type Build, BUILDS, buildsFor, type Wish } from "./wheels.ts";

/** A build of these projects. */
function build(version: string, cuda: string | undefined, ...projects: string[]): Build {
  const wheels = projects.map((project) => ({ project, file: `${project}-${cuda}.whl`, sha256: "", size: 1 }));
  return { version, arch: "x86_64", ...cuda && { cuda }, wheels };
}

const CU13 = ["torch", "nvidia-cublas", "nvidia-cuda-cupti", "nvidia-cuda-runtime"];
const CU12 = ["torch", "nvidia-cublas-cu12", "nvidia-cuda-cupti-cu12", "nvidia-cuda-runtime-cu12"];
const ALL = [
  ...[build("2.13.0", "13.0", ...CU13), build("2.13.0", "12.6", ...CU12), build("2.13.0", undefined, "torch")],
  build("2.12.1", "13.0", ...CU13),
];

const chosen = (wish: Partial<Wish>, all = ALL) =>
  buildsFor({ version: "2.13.0", gpu: false, ...wish }, all, "x86_64")
    .map(({ cuda, wheels }) => [cuda, ...wheels.map(({ project }) => project)].join(" "));

Deno.test("buildsFor() prefers the CPU build on a CPU, and falls back to the CPU half of the others", () => {
  assert.deepEqual(chosen({}), [
    " torch",
    "13.0 torch nvidia-cuda-cupti nvidia-cuda-runtime",
    "12.6 torch nvidia-cuda-cupti-cu12 nvidia-cuda-runtime-cu12",
  ]);
});

Deno.test("buildsFor() prefers the newest CUDA that the driver supports on a GPU", () => {
  const versions = (driver?: string) => chosen({ gpu: true, driver }).map((text) => text.split(" ")[0]);
  assert.deepEqual(versions("13.2"), ["13.0", "12.6"]);
  assert.deepEqual(versions("12.8"), ["12.6"]);
  assert.deepEqual(versions("12.4"), ["12.6"]); // newer by a minor version: runs
  assert.deepEqual(versions(undefined), ["13.0", "12.6"]);
  assert.equal(chosen({ gpu: true, driver: "13.0" })[0], ["13.0", ...CU13].join(" "));
});

Deno.test("buildsFor() says which CUDA the driver has, when no build runs on it", () => {
  assert.throws(() => chosen({ gpu: true, driver: "12.4" }, [build("2.13.0", "13.0", ...CU13)]), {
    name: "FtxError",
    exitCode: 2,
    message:
      "Cannot fetch libtorch 2.13.0: the NVIDIA driver supports CUDA 12.4, and ftx has builds for CUDA 13.0 only; " +
      "update the driver, take the CPU build with --cpu, or set FTX_LIBTORCH to a libtorch for CUDA 12",
  });
});

Deno.test("buildsFor() says which versions there are", () => {
  assert.throws(() => chosen({ version: "2.14.0" }), {
    message: "Cannot fetch libtorch 2.14.0: ftx has the checksums of 2.12.1, 2.13.0 only; choose one of these with " +
      "--libtorch-version, or set FTX_LIBTORCH to a libtorch of yours",
  });
  assert.throws(() => buildsFor({ version: "2.13.0", gpu: false }, ALL, "riscv64"), {
    message:
      "Cannot fetch libtorch 2.13.0: ftx has no builds for this processor; set FTX_LIBTORCH to a libtorch of yours",
  });
});

Deno.test("wheels.json has a CPU and a CUDA build of the tested version, and of others that ftx runs on", () => {
  const tested = BUILDS.filter(({ version, arch }) => version === TESTED && arch === "x86_64");
  assert.deepEqual(tested.map(({ cuda }) => cuda !== undefined).sort(), [false, true]);
  const keys = BUILDS.map(({ version, arch, cuda }) => `${version} ${arch} ${cuda}`);
  assert.equal(new Set(keys).size, keys.length);
  for (const { version, arch, wheels } of BUILDS) {
    assert.ok(compareVersions(version, OLDEST) >= 0);
    assert.ok(BUILDS.some((other) => other.version === version && other.arch === arch && other.cuda !== undefined));
    assert.equal(wheels[0].project, "torch");
    for (const { project, file, sha256, size } of wheels) {
      assert.match(file, /^[\w.+-]+\.whl$/);
      assert.equal(file.split("-")[0].replaceAll("_", "-"), project);
      assert.ok(file.includes(arch), file);
      assert.match(sha256, /^[0-9a-f]{64}$/);
      assert.ok(Number.isSafeInteger(size) && size > 1000);
    }
  }
});
