import { FtxError } from "../errors.ts";
import { cat, type Device, from, keep, scope, type Tensor } from "../tensor/mod.ts";
import type { GenerationSettings } from "./settings.ts";

// V vocabulary.

/** How a token is chosen; names and meaning are those of transformers' `generate`. Temperature 0 is greedy. */
export type Sampling = Pick<
  GenerationSettings,
  "doSample" | "temperature" | "topK" | "topP" | "repetitionPenalty" // https://arxiv.org/abs/1909.05858, section 4.1
>;

/** Chooses the tokens of one text, and remembers those that have appeared, for the repetition penalty. */
export class Sampler implements Disposable {
  readonly #sampling: Sampling;
  /** The ids that have appeared: bool [V]; absent without a penalty. */
  readonly #seen?: Tensor;

  /** `vocabulary` is the number of logits, `prompt` the ids before the first choice. */
  constructor(sampling: Sampling, prompt: readonly number[], { vocabulary, device = "cpu" }: {
    vocabulary: number;
    device?: Device;
  }) {
    this.#sampling = sampling;
    if (sampling.repetitionPenalty === 1) return;
    const marks = new Uint8Array(vocabulary);
    for (const id of prompt) marks[id] = 1;
    this.#seen = scope(() => keep(from(marks, [vocabulary], device).to("bool")));
  }

  /** Logits [V] -> the id of the next token. Waits for the device once. */
  choose(logits: Tensor): number {
    const { doSample, temperature, repetitionPenalty } = this.#sampling;
    const [value, id] = scope(() => {
      let scores = logits.to("f32");
      if (this.#seen) scores = penalised(scores, this.#seen, repetitionPenalty);
      const drawing = doSample && temperature > 0;
      if (drawing) scores = filtered(scores, this.#sampling).softmax(-1);
      const chosen = drawing ? drawn(scores) : scores.argmax(-1, { keepdim: true });
      return cat([scores.gather(-1, chosen).to("f64"), chosen.to("f64")]).toNumbers();
    });
    if (!Number.isFinite(value)) {
      throw new FtxError(
        "Cannot choose a token: the model's logits are not finite; its weights or its adapter diverged in training, " +
          "so take an earlier checkpoint",
      );
    }
    if (this.#seen) scope(() => this.#seen!.narrow(0, id, 1).fill_(1));
    return id;
  }

  [Symbol.dispose]() {
    this.#seen?.[Symbol.dispose]();
  }
}

/** Makes tokens that have appeared less likely: a positive logit is divided by the penalty, a negative one multiplied. */
export function penalised(scores: Tensor, seen: Tensor, penalty: number): Tensor {
  const lower = scores.lt(0).where(scores.mul(penalty), scores.div(penalty));
  return seen.where(lower, scores);
}

/** Logits [V] after temperature, top-k and top-p, in that order; tokens that must not be drawn are -Infinity. */
export function filtered(
  scores: Tensor,
  { temperature, topK, topP }: Pick<Sampling, "temperature" | "topK" | "topP">,
): Tensor {
  if (temperature !== 1) scores = scores.div(temperature);
  if (topK > 0) scores = likeliest(scores, topK);
  if (topP < 1) scores = nucleus(scores, topP);
  return scores;
}

/** The k largest logits, and those equal to the last of them. */
function likeliest(scores: Tensor, k: number): Tensor {
  const [values] = scores.topk(Math.min(k, scores.shape[0]));
  const last = values.narrow(0, values.shape[0] - 1, 1);
  return scores.maskedFill(scores.sub(last).lt(0), -Infinity);
}

/** https://arxiv.org/abs/1904.09751: drops the unlikeliest tokens that together hold at most 1 - p; one always stays. */
function nucleus(scores: Tensor, p: number): Tensor {
  const [ascending, ids] = scores.sort(-1);
  const dropped = ascending.softmax(-1).cumsum(-1).le(1 - p);
  dropped.narrow(0, dropped.shape[0] - 1, 1).zero_();
  return scores.maskedFill(dropped.scatter(0, ids, dropped), -Infinity);
}

/** Draws one id. Probabilities that are not finite count as 1, because a GPU would abort; `choose` detects them later. */
function drawn(chances: Tensor): Tensor {
  return chances.maskedFill(chances.isfinite().eq(0), 1).multinomial(1);
}
