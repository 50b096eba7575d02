import type { Tensor } from "../tensor/mod.ts";

// N rows, D channels, V vocabulary.

/** The sum over rows of the cross-entropy, one number, and for each row 1 where its target is the largest logit [N]: fp32. */
export interface HeadLoss {
  loss: Tensor;
  correct: Tensor;
}

export interface HeadLossOptions {
  /** Share of the target that is spread over the vocabulary, as HF's LabelSmoother. Default 0. */
  labelSmoothing?: number;
  /** Rows whose logits exist at once; 0 chooses. */
  chunk?: number;
}

/**
 * Cross-entropy of hidden [N, D] · weight [V, D]ᵀ at targets [N], without ever holding all logits: they exist for a chunk of
 * rows at a time, and their gradients are made while they do. Give it supervised rows only.
 */
export function linearCrossEntropy(
  hidden: Tensor,
  weight: Tensor,
  targets: Tensor,
  { labelSmoothing = 0, chunk = 0 }: HeadLossOptions = {},
): HeadLoss {
  const [loss, correct] = hidden.linearCrossEntropy(weight, targets, labelSmoothing, chunk);
  return { loss, correct };
}

/** The same with all logits at once; a test holds the two equal. */
export function plainCrossEntropy(hidden: Tensor, weight: Tensor, targets: Tensor, labelSmoothing = 0): HeadLoss {
  const logits = hidden.linear(weight);
  const logp = logits.logSoftmax(-1, logits.dtype === "f64" ? "f64" : "f32"), index = targets.to("i64").unsqueeze(1);
  const nll = logp.gather(1, index).neg().sum(), spread = logp.meanOver([-1]).neg().sum();
  return {
    loss: nll.mul(1 - labelSmoothing).add(spread.mul(labelSmoothing)),
    correct: logits.argmax(-1).sub(index.squeeze(1)).eq(0).to("f32"),
  };
}
