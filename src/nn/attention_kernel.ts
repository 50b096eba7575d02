import type { DType } from "../tensor/mod.ts";

/**
 * Ways to compute attention inside documents:
 * - `own`: ftx's kernel for CPUs.
 * - `plain`: libtorch's `scaled_dot_product_attention`, which picks flash attention itself where it can: one call for
 *   documents of one length, a call for each otherwise.
 * - `flash`: flash attention of documents of any lengths, in one call (https://arxiv.org/abs/2307.08691).
 * - `efficient`: memory-efficient attention (https://arxiv.org/abs/2112.05682) of documents of any lengths, in one call.
 */
export type AttentionKernel = "own" | "plain" | "flash" | "efficient";

/** What the choice hangs on. */
export interface AttentionFacts {
  /** Whether ftx's kernel for CPUs takes these tensors. */
  own: boolean;
  /** Compute capability of the GPU; 0 on a CPU. */
  capability: number;
  dtype: DType;
  /** Channels of a head. */
  channels: number;
  /** Whether all documents have one length. */
  equal: boolean;
  /** Tokens that a token sees; 0: all before it. */
  window: number;
  /** Dropout of the attention weights. */
  dropout: number;
}

/** The fastest kernel that can do it. */
export function attentionKernel(facts: AttentionFacts): AttentionKernel {
  const { own, capability, dtype, channels, equal, window, dropout } = facts;
  if (capability === 0) return own && dropout === 0 ? "own" : "plain";
  const half = dtype === "bf16" || dtype === "f16";
  const widest = capability === 8 || capability === 9 ? 256 : 192; // smaller GPUs have no room for wider heads' gradients
  if (half && capability >= 8 && channels % 8 === 0 && channels <= widest) {
    return equal && window === 0 ? "plain" : "flash";
  }
  const efficient = (dtype === "f32" || dtype === "f16" || dtype === "bf16" && capability >= 8) && channels % 8 === 0;
  return efficient && window === 0 ? "efficient" : "plain"; // windows: the flash kernel's alone
}
