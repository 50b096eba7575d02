import { type Driver, type Gpu, runsOn } from "../libtorch/mod.ts";
import { size } from "../report/format.ts";
import { type Finding, ok, warning } from "./finding.ts";
import type { GpuSeen } from "./gpu_look.ts";
import type { LibtorchSeen } from "./libtorch_look.ts";
import type { Looked } from "./look.ts";

const OLDEST_OF_13 = 7.5; // compute capability: CUDA 13 dropped everything before Turing

/** The NVIDIA driver, compared with the libtorch in use, and a finding for each GPU. Runs on a CPU need neither. */
export function gpuFindings(looked: Looked<GpuSeen>, libtorch?: LibtorchSeen): Finding[] {
  if (looked.failure !== undefined) {
    return [
      warning("driver", `it does not answer: ${looked.failure}`, "reinstall the NVIDIA driver; runs use the CPU"),
    ];
  }
  const { driver, version, free } = looked.seen;
  if (driver === undefined) return [noDriver(libtorch)];
  return [
    driverFinding(driver, version, libtorch),
    ...driver.failure ? [] : driver.gpus.map((gpu, i) => gpuFinding(gpu, free[i], i, libtorch)),
  ];
}

function noDriver(libtorch?: LibtorchSeen): Finding {
  const facts = { driver: null };
  if (!libtorch?.libtorch.cuda) return ok("driver", "no NVIDIA driver: runs use the CPU", facts);
  const remedy = "install the driver, or, in a container, start it with its GPUs (--gpus all)";
  return warning("driver", "no NVIDIA driver, and libtorch is a CUDA build: runs use the CPU", remedy, facts);
}

function driverFinding({ cuda, gpus, failure }: Driver, version?: string, libtorch?: LibtorchSeen): Finding {
  const build = libtorch?.libtorch.cuda;
  const facts = { driver: version, cuda, build };
  const text = `NVIDIA ${version ?? "driver"}, which supports CUDA ${cuda}`;
  const warn = (more: string, remedy: string) => warning("driver", `${text}${more}`, remedy, facts);
  if (failure) {
    return warn(
      `, does not start CUDA (${failure}): runs use the CPU`,
      failure === "CUDA_ERROR_SYSTEM_NOT_READY"
        ? "start NVIDIA's fabric manager (systemctl start nvidia-fabricmanager)"
        : "reboot, or reinstall the driver; after a driver update its kernel module must be reloaded",
    );
  }
  if (gpus.length === 0) {
    return warn(
      ", shows no GPU: runs use the CPU",
      "unset CUDA_VISIBLE_DEVICES, or, in a container, start it with its GPUs (--gpus all)",
    );
  }
  if (libtorch && !build) return warn("; libtorch is a CPU build and cannot use the GPU", 'run "ftx setup --cuda"');
  if (build && !runsOn(build, cuda)) {
    return warn(
      `; libtorch is built for CUDA ${build}: runs use the CPU`,
      'update the driver, or run "ftx setup --cuda" for a build that it supports',
    );
  }
  if (libtorch?.devices === 0) {
    return warn(
      "; libtorch still sees no GPU: runs use the CPU",
      'reinstall libtorch with "ftx setup --cuda --fetch", or report what "ftx doctor --json" prints',
    );
  }
  return ok("driver", build ? `${text}; libtorch is built for CUDA ${build}` : text, facts);
}

function gpuFinding(
  { name, bytes, capability: number }: Gpu,
  free: number | undefined,
  index: number,
  libtorch?: LibtorchSeen,
): Finding {
  const capability = number.toFixed(1), facts = { index, name, memory: bytes, free, capability };
  const room = free === undefined ? size(bytes) : `${size(free)} of ${size(bytes)} free`;
  const text = `${name}, ${room}, compute capability ${capability}`;
  const major = parseInt(libtorch?.libtorch.cuda ?? "0");
  if (major >= 13 && number < OLDEST_OF_13) {
    const remedy = "use --device cpu, or a libtorch built for CUDA 12";
    return warning(`cuda:${index}`, `${text}: too old for libtorch's CUDA ${major}`, remedy, facts);
  }
  if (free !== undefined && free < bytes / 2) {
    const remedy = "see what uses it (nvidia-smi), or choose another GPU with --device cuda:N";
    return warning(`cuda:${index}`, `${text}: other programs use most of it`, remedy, facts);
  }
  return ok(`cuda:${index}`, text, facts);
}
