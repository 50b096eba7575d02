import { size } from "../report/format.ts";
import { cudaVersion, runsOn } from "../setup/mod.ts";
import { type Finding, ok, warning } from "./finding.ts";
import type { Gpu, GpuSeen } from "./gpu_look.ts";
import type { LibtorchSeen } from "./libtorch_look.ts";
import type { Looked } from "./look.ts";

const OLDEST_OF_13 = 7.5; // compute capability: CUDA 13 has dropped what came before Turing

/** The NVIDIA driver, held against the libtorch at hand; and a finding for each GPU. Runs on a CPU work without. */
export function gpuFindings(looked: Looked<GpuSeen>, libtorch?: LibtorchSeen): Finding[] {
  if (looked.failure !== undefined) {
    return [
      warning("driver", `it cannot be asked: ${looked.failure}`, "reinstall the NVIDIA driver; runs use the CPU"),
    ];
  }
  const { cuda, driver, gpus, failure } = looked.seen;
  return [
    driverFinding(looked.seen, libtorch),
    ...cuda && driver && !failure ? gpus.map((gpu, i) => ofGpu(gpu, i, libtorch)) : [],
  ];
}

function driverFinding({ cuda, driver, gpus, failure }: GpuSeen, libtorch?: LibtorchSeen): Finding {
  const build = libtorch?.libtorch.cuda;
  if (!cuda) {
    if (!build) return ok("driver", "no NVIDIA driver: runs use the CPU", { driver: null });
    const remedy = "install the driver, or, in a container, start it with its GPUs (--gpus all)";
    return warning("driver", `no NVIDIA driver, and libtorch is a CUDA build: runs use the CPU`, remedy, {
      driver: null,
    });
  }
  const facts = { driver, cuda: cuda.join("."), build };
  const text = `NVIDIA ${driver ?? "driver"}, which supports CUDA ${cuda.join(".")}`;
  const forBuild = build && cudaVersion(build);
  if (failure) {
    const remedy = failure === "CUDA_ERROR_SYSTEM_NOT_READY"
      ? "start NVIDIA's fabric manager (systemctl start nvidia-fabricmanager)"
      : "reboot, or reinstall the driver; after an update of the driver its kernel module must be loaded anew";
    return warning("driver", `${text}, does not start CUDA (${failure}): runs use the CPU`, remedy, facts);
  }
  if (gpus.length === 0) {
    const remedy = "unset CUDA_VISIBLE_DEVICES, or, in a container, start it with its GPUs (--gpus all)";
    return warning("driver", `${text}, shows no GPU: runs use the CPU`, remedy, facts);
  }
  if (libtorch && !build) {
    return warning(
      "driver",
      `${text}; libtorch is a CPU build and cannot use the GPU`,
      'run "ftx setup --cuda"',
      facts,
    );
  }
  if (forBuild && !runsOn(forBuild, cuda)) {
    const remedy = 'update the driver, or run "ftx setup --cuda" for a build that it runs';
    return warning("driver", `${text}; libtorch is built for CUDA ${build}: runs use the CPU`, remedy, facts);
  }
  if (libtorch?.devices === 0) {
    const remedy = `reinstall libtorch with "ftx setup --cuda --fetch", or report what "ftx doctor --json" prints`;
    return warning("driver", `${text}; libtorch sees no GPU all the same: runs use the CPU`, remedy, facts);
  }
  return ok("driver", build ? `${text}; libtorch is built for CUDA ${build}` : text, facts);
}

function ofGpu({ name, memory, free, capability }: Gpu, index: number, libtorch?: LibtorchSeen): Finding {
  const facts = { index, name, memory, free, capability };
  const room = free === undefined ? size(memory) : `${size(free)} of ${size(memory)} free`;
  const text = `${name}, ${room}, compute capability ${capability}`;
  const [major] = cudaVersion(libtorch?.libtorch.cuda ?? "") ?? [0];
  if (major >= 13 && Number(capability) < OLDEST_OF_13) {
    const remedy = "use --device cpu, or a libtorch built for CUDA 12";
    return warning(`cuda:${index}`, `${text}: too old for libtorch's CUDA ${major}`, remedy, facts);
  }
  if (free !== undefined && free < memory / 2) {
    const remedy = "see who uses it (nvidia-smi), or choose another with --device cuda:N";
    return warning(`cuda:${index}`, `${text}: others use most of it`, remedy, facts);
  }
  return ok(`cuda:${index}`, text, facts);
}
