import { capability, cat, from, hasAttention, ones, type Tensor } from "../tensor/mod.ts";
import { attentionKernel } from "./attention_kernel.ts";
import { longestOf } from "./layout.ts";

// N tokens of all documents, B documents, T tokens of one, H heads, K key/value heads, C channels of a head, W window.

export interface AttendOptions {
  /** Tokens of each document; they sum to N. */
  lengths: readonly number[];
  /** Where each begins, and N: int32 [documents + 1] on the device of q. Default: made from the lengths. */
  starts?: Tensor;
  /** Tokens that a token sees, itself among them; null: all before it. */
  window?: number | null;
  /** Dropout of the attention weights, in training. */
  dropout?: number;
}

/**
 * Causal attention inside each document: q [N, H, C], k and v [N, K, C] -> [N, H · C]. By the kernel that
 * `attentionKernel` chooses; tests hold them equal to `plainAttend`.
 */
export function attend(q: Tensor, k: Tensor, v: Tensor, options: AttendOptions): Tensor {
  const { lengths, dropout = 0 } = options, longest = longestOf(lengths), channels = q.shape[2];
  const window = options.window && options.window < longest ? options.window : 0; // a window that all fit into is none
  const kernel = attentionKernel({
    own: hasAttention(q),
    capability: capability(q.device),
    dtype: q.dtype,
    channels,
    equal: lengths.every((length) => length === longest),
    window,
    dropout,
  });
  const scale = 1 / Math.sqrt(channels);
  if (kernel === "own") return q.attention(k, v, lengths, window, scale);
  if (kernel === "plain") return plainAttend(q, k, v, options);
  const starts = options.starts ?? startsOf(lengths, q);
  return q.varlenAttention(k, v, starts, longest, window, scale, dropout, kernel === "flash");
}

function startsOf(lengths: readonly number[], beside: Tensor): Tensor {
  const starts = new Int32Array(lengths.length + 1);
  for (const [i, length] of lengths.entries()) starts[i + 1] = starts[i] + length;
  return from(starts, [starts.length], beside.device);
}

/**
 * The same by libtorch's attention. Documents of one length are one call; otherwise each is a call of its own, which on a
 * CPU is 8 x faster than one call with a mask of blocks.
 */
export function plainAttend(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  { lengths, window = null, dropout = 0 }: AttendOptions,
): Tensor {
  const [N, H, C] = q.shape, T = lengths[0];
  if (lengths.every((l) => l === T)) {
    const documents = (x: Tensor) => x.unflatten(0, [lengths.length, T]).transpose(1, 2); // [B, heads, T, C]
    return causal(documents(q), documents(k), documents(v), window, dropout).transpose(1, 2).reshape([N, H * C]);
  }
  // split, not slice: the gradient of all its parts is one concatenation
  const parts = (x: Tensor) => x.splitWithSizes(lengths);
  const qs = parts(q), ks = parts(k), vs = parts(v);
  const document = (x: Tensor) => x.unsqueeze(0).transpose(1, 2); // [1, heads, T, C]
  return cat(lengths.map((T, i) => {
    const y = causal(document(qs[i]), document(ks[i]), document(vs[i]), window, dropout);
    return y.transpose(1, 2).reshape([T, H * C]);
  }));
}

/** q [B, H, T, C], k and v [B, K, T, C] -> [B, H, T, C]. */
function causal(q: Tensor, k: Tensor, v: Tensor, window: number | null, dropout: number): Tensor {
  const T = q.shape[2];
  const enableGqa = q.shape[1] !== k.shape[1];
  if (window === null || T <= window) {
    return q.scaledDotProductAttention(k, v, null, dropout, { isCausal: true, enableGqa });
  }
  // Blocks of W queries see the keys of their own block and of the W - 1 tokens before it: linear in T, exact.
  const blocks: Tensor[] = [];
  for (let from = 0; from < T; from += window) {
    const to = Math.min(T, from + window), first = Math.max(0, from - window + 1);
    const mask = band(to - from, to - first, from - first, window, q);
    const keys = (x: Tensor) => x.narrow(2, first, to - first);
    blocks.push(
      q.narrow(2, from, to - from).scaledDotProductAttention(keys(k), keys(v), mask, dropout, { enableGqa }),
    );
  }
  return cat(blocks, 2);
}

/** True where query i, which stands `offset` keys in, sees key j: offset + i - W < j <= offset + i. [rows, keys] */
function band(rows: number, keys: number, offset: number, window: number, like: Tensor): Tensor {
  const all = ones([rows, keys], { dtype: "f32", device: like.device });
  return all.tril(offset).sub(all.tril(offset - window)).gt(0);
}

/**
 * Attention of new tokens to all cached ones: q [T, H, C] at the end of k and v [S, K, C] -> [T, H · C].
 */
export function attendCached(q: Tensor, k: Tensor, v: Tensor, window: number | null = null): Tensor {
  const [T, H, C] = q.shape, S = k.shape[0];
  if (T === S) return attend(q, k, v, { lengths: [T], window }); // the first tokens: no mask is needed
  const one = (x: Tensor) => x.unsqueeze(0).transpose(1, 2);
  const mask = T === 1 && (window === null || S <= window) ? null : band(T, S, S - T, window ?? S, q);
  const y = one(q).scaledDotProductAttention(one(k), one(v), mask, 0, { enableGqa: H !== k.shape[1] });
  return y.transpose(1, 2).reshape([T, H * C]);
}
