/** What of a `LossScale` a resumed run needs. */
export interface LossScaleState {
  scale: number;
  good: number;
  lowered: number;
}

/**
 * Dynamic loss scaling (https://arxiv.org/abs/1710.03740, section 3.2): gradients in fp16 vanish below 6e-8, so the loss is
 * multiplied by a scale, and the gradients divided by it before the step. Where they overflow, the step is left out and the scale
 * halves; after 2,000 steps without, it doubles. The numbers of `torch.amp.GradScaler`.
 */
export class LossScale {
  static readonly INITIAL = 2 ** 16;
  static readonly GROWTH = 2;
  static readonly BACKOFF = 0.5;
  static readonly INTERVAL = 2000; // steps without overflow until it grows

  /** What the loss is multiplied by. */
  scale = LossScale.INITIAL;
  /** Steps left out because gradients overflowed: the learning rate does not move on for them, as in HF Trainer. */
  lowered = 0;
  #good = 0;

  /** Takes note of a step's end: whether a gradient was not finite. */
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
