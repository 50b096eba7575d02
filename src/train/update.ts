import type { LossScale, Optimizer } from "../optim/mod.ts";
import { cat, type Device, keep, Mark, noGrad, ones, pinnedTensor, scope, type Tensor } from "../tensor/mod.ts";

/** The outcome of a step. */
export interface StepOutcome {
  /** Mean loss over everything that was counted. */
  loss: number;
  /** The other totals, not divided: those of the objective's metrics, in their order. */
  sums: number[];
  /** 2-norm of the gradient of the mean loss, before clipping. */
  gradNorm: number;
  /** The loss or the gradient was not finite, so no weight was changed. */
  skipped: boolean;
  /** Skipped because the scaled gradients overflowed. A lower scale can fix that. */
  overflowed: boolean;
}

/** What `Update.end` needs to know. */
export interface StepEnd {
  /** fp64 [1 + M]: the summed loss, then a sum for each of M metrics. */
  totals: Tensor;
  optimizer: Optimizer;
  /** Things that were counted. */
  count: number;
  learningRate: number;
  /** Clip gradients to this norm; 0: never. */
  maxGradNorm: number;
  /** In fp16: the mean loss was multiplied by its `scale`. Without it, the gradients are those of the summed loss. */
  scale?: LossScale;
  /** Called while the device works on the step, to prepare the next one. */
  meanwhile?: () => void;
}

/** Ends steps: turns gradients into an update, and tells the host the outcome. */
export interface Update extends Disposable {
  end(step: StepEnd): StepOutcome;
}

/** How steps end on a device. The host waits for a GPU once a step. */
export const updateOn = (device: Device): Update => device === "cpu" ? new HostUpdate() : new DeviceUpdate(device);

/** Reads the numbers, then decides on the host. */
export class HostUpdate implements Update {
  end({ totals, optimizer, count, learningRate, maxGradNorm, scale, meanwhile }: StepEnd): StepOutcome {
    const [loss, ...sums] = totals.toNumbers(), divisor = scale?.scale ?? count;
    const gradNorm = scope(() => optimizer.norm().item()) / divisor;
    const outcome = outcomeOf(loss / count, sums, gradNorm, scale);
    if (outcome.skipped) optimizer.zeroGrad();
    else optimizer.step(learningRate, clip(gradNorm, maxGradNorm) / divisor);
    meanwhile?.();
    return outcome;
  }
  [Symbol.dispose]() {}
}

/**
 * Lets the device decide: it computes the norm, the clipping and whether everything is finite, and updates accordingly. The
 * host waits only for the copy of a few numbers to pinned memory; the update may still run while it prepares the next step.
 * An optimizer with a rule that has no device form waits for these numbers earlier, in `step`.
 */
export class DeviceUpdate implements Update {
  #numbers?: Tensor;
  readonly #copied: Mark;
  constructor(device: Device) {
    this.#copied = new Mark(device);
  }

  end({ totals, optimizer, count, learningRate, maxGradNorm, scale, meanwhile }: StepEnd): StepOutcome {
    const given = scale?.scale ?? count, size = totals.size;
    const numbers = this.#numbers ??= keep(pinnedTensor([size + 1], "f64"));
    noGrad(() =>
      scope(() => {
        const norm = optimizer.norm().to("f64").div(given).reshape([1]);
        const all = cat([totals, norm]);
        numbers.copy_(all, { nonBlocking: true });
        this.#copied.here();
        const skip = ones([1], { dtype: "f32", device: norm.device }).sub(
          cat([totals.narrow(0, 0, 1), norm]).isfinite().all().to("f32"),
        );
        // dividing by this is multiplying by min(1, max / norm)
        const longer = maxGradNorm > 0 ? norm.add(1e-6).div(maxGradNorm).clamp(1) : norm.mul(0).add(1);
        optimizer.step(learningRate, { divisor: longer.mul(given).to("f32"), skip });
      })
    );
    meanwhile?.();
    this.#copied.wait();
    const [loss, ...rest] = new Float64Array(numbers.hostBytes().buffer, 0, size + 1);
    const outcome = outcomeOf(loss / count, rest.slice(0, -1), rest[size - 1], scale);
    if (outcome.skipped) optimizer.takeBack();
    return outcome;
  }

  [Symbol.dispose]() {
    this.#numbers?.[Symbol.dispose]();
    this.#copied[Symbol.dispose]();
  }
}

function outcomeOf(loss: number, sums: number[], gradNorm: number, scale?: LossScale): StepOutcome {
  const skipped = !Number.isFinite(loss) || !Number.isFinite(gradNorm);
  const overflowed = skipped && Number.isFinite(loss) && scale !== undefined && scale.scale > 1;
  scale?.update(skipped);
  return { loss, sums, gradNorm, skipped, overflowed };
}

/** What a gradient of this norm is multiplied by, as in torch's `clip_grad_norm_`. */
const clip = (norm: number, most: number) => most > 0 ? Math.min(1, most / (norm + 1e-6)) : 1;
