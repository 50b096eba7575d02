import type { AdamW, LossScale } from "../optim/mod.ts";
import { cat, type Device, keep, Mark, noGrad, ones, pinnedTensor, scope, type Tensor } from "../tensor/mod.ts";

/** What a step came to. */
export interface StepOutcome {
  /** Mean loss over everything counted. */
  loss: number;
  /** The other totals, not divided: those of the objective's metrics, in their order. */
  sums: number[];
  /** 2-norm of the mean's gradient, before clipping. */
  gradNorm: number;
  /** Loss or gradient was not finite, so the weights were left alone. */
  skipped: boolean;
  /** Skipped because the scaled gradients overflowed, which a lower scale will mend. */
  overflowed: boolean;
}

/** What the end of a step needs. */
export interface StepEnd {
  /** fp64 [1 + M]: the summed loss, then a sum for each of M metrics. */
  totals: Tensor;
  optimizer: AdamW;
  /** Things that were counted. */
  count: number;
  learningRate: number;
  /** Longer gradients are scaled to this norm; 0: never. */
  maxGradNorm: number;
  /** In fp16: what the mean loss was multiplied by. Without it the gradients are those of the summed loss. */
  scale?: LossScale;
  /** Called once all work is sent to the device and before the wait for it: the time to prepare what comes next. */
  meanwhile?: () => void;
}

/** Ends a step: gradients become an update, and the host learns what the step came to. */
export interface Update extends Disposable {
  end(step: StepEnd): StepOutcome;
}

/** How steps end on a device: on a CPU numbers are there at once; a GPU is waited for once a step. */
export const updateOn = (device: Device): Update => device === "cpu" ? new HostUpdate() : new DeviceUpdate(device);

/** Reads the numbers, then decides. */
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
 * Lets the device decide: it works out the norm, the clipping and whether anything is finite, and updates by that. The numbers
 * come back through pinned memory, and what is waited for is their copy only: the update itself runs on while the host
 * prepares the next step.
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
        // dividing by most this is multiplying by min(1, max / norm)
        const longer = maxGradNorm > 0 ? norm.add(1e-6).div(maxGradNorm).clamp(1) : norm.mul(0).add(1);
        optimizer.stepOnDevice(learningRate, { divisor: longer.mul(given).to("f32"), skip });
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

/** What a gradient of this norm is multiplied by, as torch's `clip_grad_norm_`. */
const clip = (norm: number, most: number) => most > 0 ? Math.min(1, most / (norm + 1e-6)) : 1;
