/** The state of a `LossScale` in a checkpoint. */
export interface LossScaleState {
  scale: number;
  good: number;
  lowered: number;
}

/**
 * Dynamic loss scaling (https://arxiv.org/abs/1710.03740, section 3.2). fp16 gradients below 6e-8 vanish, so the loss is
 * multiplied by a scale, and the gradients are divided by it before the step. If they overflow, the step is skipped and the
 * scale halves; after 2,000 steps without overflow it doubles. The numbers of `torch.amp.GradScaler`.
 */
export class LossScale {
  static readonly INITIAL = 2 ** 16;
  static readonly GROWTH = 2;
  static readonly BACKOFF = 0.5;
  static readonly INTERVAL = 2000; // steps without overflow until it grows

  /** What the loss is multiplied by. */
  scale = LossScale.INITIAL;
  /** Steps skipped because gradients overflowed. The learning rate's schedule does not count them, as in HF Trainer. */
  lowered = 0;
  #good = 0;

  /** Call it at the end of each step, with whether a gradient was not finite. */
  update(overflowed: boolean): void {
    if (overflowed) {
      this.scale = Math.fround(this.scale * LossScale.BACKOFF);
      this.#good = 0;
      this.lowered++;
    } else if (++this.#good === LossScale.INTERVAL) {
      const grown = Math.fround(this.scale * LossScale.GROWTH);
      if (Number.isFinite(grown)) this.scale = grown;
      this.#good = 0;
    }
  }

  state(): LossScaleState {
    return { scale: this.scale, good: this.#good, lowered: this.lowered };
  }

  load({ scale, good, lowered }: LossScaleState): void {
    this.scale = scale;
    this.#good = good;
    this.lowered = lowered;
  }
}
