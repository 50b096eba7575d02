import { check } from "./base.ts";
import { type Device, deviceCode } from "./dtype.ts";
import { C } from "./lib.ts";
import type { Tensor } from "./tensor.gen.ts";

/** What memory is for. */
export const KINDS = ["weights", "gradients", "optimizer", "activations", "logits", "temporary"] as const;
export type Kind = typeof KINDS[number];

/** The most memory of a dry run. Figures in bytes. */
export interface Peak {
  bytes: number;
  /** What was being done then: "the backward pass", "loading" … */
  doing: string;
  byKind: Record<Kind, number>;
}

let standsFor: Device | undefined;

/** The device of the dry run that is going on, if one is. */
export const dryDevice = (): Device | undefined => standsFor;

/**
 * Computing without numbers. While a dry run is open, tensors made for its device have sizes, types and gradients but no
 * memory; what they would take there is counted. The device need not exist. Numbers read from such tensors are 0, files are
 * not read, and nobody waits for a GPU. Only one dry run can be open, and everything made in it must end before it does.
 *
 * @example
 * using run = new DryRun("cuda:0");
 * run.doing("a product", "activations");
 * scope(() => randn([4096, 4096], { device: "cuda:0" }).matmul(randn([4096, 4096], { device: "cuda:0" })));
 * console.log(run.peak.bytes); // 3 × 64 MiB
 */
export class DryRun implements Disposable {
  readonly #phases: { after: number; doing: string }[] = [];

  constructor(device: Device) {
    check(C.dry_begin(deviceCode(device)), "dryRun", []);
    standsFor = device;
    C.dry_reset();
  }

  /** Says what is done from now on, and what the memory that is taken meanwhile is for, unless `count` says otherwise. */
  doing(what: string, kind: Kind) {
    this.#phases.push({ after: C.dry_kind(KINDS.indexOf(kind)), doing: what });
  }

  /** The memory of a tensor is for `kind`, also in a peak that was reached before. */
  count(t: Tensor, kind: Kind) {
    check(C.dry_turn(t.handle, KINDS.indexOf(kind)), "count", [t]);
  }

  /** The most memory since the run began, or since `restart`. */
  get peak(): Peak {
    const figures = new Float64Array(3 + KINDS.length);
    C.dry_figures(figures);
    const [, bytes, at] = figures;
    const byKind = Object.fromEntries(KINDS.map((kind, i) => [kind, figures[3 + i]])) as Record<Kind, number>;
    return { bytes, doing: this.#phases.findLast(({ after }) => after < at)?.doing ?? "", byKind };
  }

  /** Lets the peak count from now on. */
  restart() {
    C.dry_reset();
  }

  [Symbol.dispose]() {
    standsFor = undefined;
    C.dry_end();
  }
}
