import type { Tensor } from "../tensor/mod.ts";

// N rows, D channels, V vocabulary.

/** Both [N], in fp32 (fp64 for hidden states in fp64), and both have gradients. Rows whose target is -100 are 0 without one. */
export interface LogProbs {
  /** Log-probability of each row's target. */
  logp: Tensor;
  /** Entropy of each row's distribution, in nats; undefined unless it was asked for. */
  entropy: Tensor | undefined;
}

export interface LogProbOptions {
  /** Logits are divided by it; above 0. Default 1. */
  temperature?: number;
  /** Whether the entropy is computed too. Default false. */
  entropy?: boolean;
  /** Rows whose logits exist at once. Default 0: chosen for the device. */
  chunk?: number;
}

/**
 * Log-probabilities of targets [N] under softmax(hidden [N, D] · weight [V, D]ᵀ / temperature). Logits exist for a chunk of rows
 * at a time; the backward computes each chunk's logits again.
 */
export function linearLogProb(
  hidden: Tensor,
  weight: Tensor,
  targets: Tensor,
  { temperature = 1, entropy: wanted = false, chunk = 0 }: LogProbOptions = {},
): LogProbs {
  const [logp, entropy] = hidden.linearLogProb(weight, targets, temperature, { entropy: wanted, chunk });
  return { logp, entropy: wanted ? entropy : undefined };
}

/** The same with all logits at once; a test holds the two equal. */
export function plainLogProb(
  hidden: Tensor,
  weight: Tensor,
  targets: Tensor,
  { temperature = 1 }: { temperature?: number } = {},
): { logp: Tensor; entropy: Tensor } {
  const logits = hidden.linear(weight), wide = logits.dtype === "f64" ? "f64" : "f32";
  const all = logits.to(wide).div(temperature).logSoftmax(-1), index = targets.to("i64"), ignored = index.eq(-100);
  const mean = all.exp().mul(all).meanOver([-1]);
  return {
    logp: all.gather(1, index.clamp(0).unsqueeze(1)).squeeze(1).maskedFill(ignored, 0),
    entropy: mean.mul(-logits.shape[1]).maskedFill(ignored, 0),
  };
}
