import assert from "node:assert/strict";
import { chooseTorch, nvidiaOf, resolve, type Shop, type Wish } from "./choose.ts";
import { type WheelFile, wheelNamed } from "./index/mod.ts";

const ARCH = Deno.build.arch;
const TAG = `cp312-cp312-manylinux_2_17_${ARCH}`;

/** A shop with wheels of these names and builds ("torch-2.13.0+cpu"), each with what it requires. */
function shop(stock: Record<string, string[]>): Shop & { asked: string[] } {
  const asked: string[] = [];
  const files = Object.keys(stock).map((name): WheelFile => {
    const filename = name.endsWith(".whl") ? name : `${name}-${TAG}.whl`;
    return { ...wheelNamed(filename)!, url: `https://index/${filename}` };
  });
  return {
    asked,
    wheels: (project) => Promise.resolve(files.filter((file) => file.project === project)),
    metadata: ({ filename }) => {
      asked.push(filename);
      const [, needs] = Object.entries(stock).find(([name]) => filename.startsWith(name))!;
      return Promise.resolve(needs.map((need) => `Requires-Dist: ${need}\n`).join(""));
    },
  };
}

const wish = (more: Partial<Wish>): Wish => ({ version: "2.13.0", gpu: false, ...more });
const CU13 = ["sympy", 'cuda-toolkit[cublas,cudart]==13.0.3; platform_system == "Linux"', "nvidia-cudnn-cu13==9.20"];
const CU12 = ["nvidia-cuda-runtime-cu12==12.6.77", "nvidia-cuda-cupti-cu12==12.6.80", "nvidia-cublas-cu12==12.6.4.1"];
const STOCK = { "torch-2.13.0": CU13, "torch-2.13.0+cu126": CU12, "torch-2.13.0+cpu": [], "torch-2.12.0+cpu": [] };

Deno.test("chooseTorch() takes the CPU build for a CPU, and asks nothing about it", async () => {
  const all = shop(STOCK), { file, needs } = await chooseTorch(wish({}), all);
  assert.deepEqual([file.build, needs, all.asked], ["cpu", [], []]);
});

Deno.test("chooseTorch() does with the CPU half of the CUDA build where there is no CPU build", async () => {
  const torch = await chooseTorch(wish({}), shop({ "torch-2.13.0+cu126": CU12, "torch-2.13.0": CU13 }));
  assert.equal(torch.file.build, "");
  assert.deepEqual(nvidiaOf(torch, false), [{
    project: "cuda-toolkit",
    extras: ["cudart", "cupti"],
    versions: "==13.0.3",
  }]);
  const older = await chooseTorch(wish({}), shop({ "torch-2.13.0+cu126": CU12 }));
  assert.deepEqual(nvidiaOf(older, false).map(({ project }) => project), [
    "nvidia-cuda-runtime-cu12",
    "nvidia-cuda-cupti-cu12",
  ]);
});

Deno.test("chooseTorch() takes the newest CUDA that the driver runs", async () => {
  const build = async (driver?: readonly [number, number]) =>
    (await chooseTorch(wish({ gpu: true, driver }), shop(STOCK))).cuda?.join(".");
  assert.equal(await build([13, 2]), "13.0");
  assert.equal(await build([12, 8]), "12.6");
  assert.equal(await build([12, 4]), "12.6"); // newer by a minor version: runs
  assert.equal(await build(undefined), "13.0");
  const { needs } = await chooseTorch(wish({ gpu: true, driver: [13, 0] }), shop(STOCK));
  assert.deepEqual(needs.map(({ project }) => project), ["cuda-toolkit", "nvidia-cudnn-cu13"]);
});

Deno.test("chooseTorch() says which CUDA the driver has and which the index, when they do not meet", async () => {
  await assert.rejects(chooseTorch(wish({ gpu: true, driver: [12, 4] }), shop({ "torch-2.13.0": CU13 })), {
    name: "FtxError",
    exitCode: 2,
    message:
      "Cannot fetch libtorch 2.13.0: the NVIDIA driver supports CUDA 12.4, and the package index has builds for " +
      "CUDA 13.0 only; update the driver, take the CPU build with --cpu, or add an index with a build for CUDA 12 to " +
      "PIP_EXTRA_INDEX_URL",
  });
});

Deno.test("chooseTorch() says what the index has when the version is not there", async () => {
  const ways = "name another index with --index-url, or set FTX_LIBTORCH to a libtorch of yours";
  const other = { "torch-2.12.0": CU13, "torch-2.14.0": CU13, "torch-2.13.0-cp312-cp312-win_amd64.whl": [] };
  await assert.rejects(chooseTorch(wish({}), shop(other)), {
    message:
      "Cannot fetch libtorch 2.13.0: the package index has torch 2.12.0, 2.14.0 for this machine, but not this " +
      `version; ${ways}`,
  });
  await assert.rejects(chooseTorch(wish({}), shop({})), {
    message: `Cannot fetch libtorch 2.13.0: the package index has no torch for this machine; ${ways}`,
  });
  await assert.rejects(chooseTorch(wish({ gpu: true, driver: [13, 0] }), shop({ "torch-2.13.0+cpu": [] })), {
    message: `Cannot fetch libtorch 2.13.0: the package index has only CPU builds; ${ways}`,
  });
});

Deno.test("resolve() follows requirements, extras and versions, each project once, the newest that all accept", async () => {
  const stock = shop({
    "nvidia_cudnn_cu13-9.20.0": ["nvidia-cublas"],
    "cuda_toolkit-13.0.3": ['nvidia-cublas==13.1.*; extra == "cublas"', 'nvidia-cufft==12; extra == "cufft"'],
    "nvidia_cublas-13.1.0": ["nvidia-cuda-nvrtc; extra == 'all'"],
    "nvidia_cublas-13.1.2": [],
    "nvidia_cublas-13.2.0": [],
    "nvidia_cufft-12": [],
  });
  const files = await resolve([
    { project: "nvidia-cudnn-cu13", extras: [], versions: "" },
    { project: "cuda-toolkit", extras: ["cublas"], versions: "==13.0.3" },
  ], stock);
  assert.deepEqual(files.map(({ project, version }) => `${project} ${version}`).sort(), [
    "cuda-toolkit 13.0.3",
    "nvidia-cublas 13.1.2",
    "nvidia-cudnn-cu13 9.20.0",
  ]);
});

Deno.test("resolve() names what the index lacks", async () => {
  await assert.rejects(resolve([{ project: "nvidia-nccl-cu13", extras: [], versions: "==2.29.7" }], shop({})), {
    message:
      "Cannot fetch what libtorch requires: the package index has no nvidia-nccl-cu13 ==2.29.7 for this machine; " +
      "name another index with --index-url, or set FTX_LIBTORCH to a libtorch of yours",
  });
});
