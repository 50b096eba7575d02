import assert from "node:assert/strict";
import { type DeviceFacts, pickDevice } from "./device.ts";

const facts = (over: Partial<DeviceFacts>) => (): DeviceFacts => ({
  gpus: 0,
  half: { cuda: true },
  driver: { cuda: "13.0", gpus: [] },
  ...over,
});
const CPU_BUILD = facts({ half: { cuda: false }, driver: undefined });

Deno.test("pickDevice() takes the first GPU for auto and cuda, and the one that is named", () => {
  const two = facts({ gpus: 2 });
  assert.deepEqual(["auto", "cuda", "cuda:1", "cpu"].map((name) => pickDevice(name, two)), [
    "cuda:0",
    "cuda:0",
    "cuda:1",
    "cpu",
  ]);
  assert.equal(pickDevice("auto", CPU_BUILD), "cpu");
});

/** What is so on a machine, what was asked for, and the answer. */
const REFUSED: readonly [string, string, () => DeviceFacts, string][] = [
  ["another word", "tpu", CPU_BUILD, "choose auto, cpu, cuda or cuda:N"],
  [
    "a CPU build",
    "cuda",
    CPU_BUILD,
    "this libtorch is a CPU build; set FTX_LIBTORCH to a CUDA build, or use --device cpu",
  ],
  [
    "a CUDA half that does not load",
    "cuda:0",
    facts({ half: { cuda: false, cudaFailure: "libcudnn.so.9: cannot open shared object file" } }),
    "libtorch's CUDA half does not load (libcudnn.so.9: cannot open shared object file); " +
    "install the missing library next to libtorch, or use --device cpu",
  ],
  [
    "no driver",
    "cuda",
    facts({ driver: undefined }),
    "no NVIDIA driver is loaded (libcuda.so.1 is not there); install one, or use --device cpu",
  ],
  [
    "a driver that is too old",
    "cuda",
    facts({ driver: { cuda: "12.4", gpus: [1] } }),
    "the driver runs CUDA up to 12.4, older than this libtorch needs; " +
    "update the driver, set FTX_LIBTORCH to a build for an older CUDA, or use --device cpu",
  ],
  [
    "GPUs that are hidden",
    "cuda",
    facts({ visible: "" }),
    'the driver shows no GPU with CUDA_VISIBLE_DEVICES = ""; change it, or use --device cpu',
  ],
  ["no GPU", "cuda", facts({}), "the driver shows no GPU; look at nvidia-smi, or use --device cpu"],
  ["one GPU", "cuda:1", facts({ gpus: 1 }), "there is one GPU, cuda:0; use that"],
  ["two GPUs", "cuda:2", facts({ gpus: 2 }), "there are 2 GPUs, cuda:0 to cuda:1; choose one of them"],
];

for (const [what, name, here, because] of REFUSED) {
  Deno.test(`pickDevice() says what is missing: ${what}`, () => {
    assert.throws(() => pickDevice(name, here), { message: `Cannot use device = "${name}": ${because}` });
  });
}
