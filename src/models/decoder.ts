import { Linear, Module, type Placement, type Projection, RmsNorm } from "../nn/mod.ts";
import { attend, attendCached, type Layout, type Turns } from "../nn/mod.ts";
import type { Tensor } from "../tensor/mod.ts";
import type { ModelConfig } from "./config.ts";
import type { KvCache } from "./kv_cache.ts";

// N tokens, D hidden, H heads, K key/value heads, C channels of a head, F feed-forward width.

/** How a family differs from Llama. */
export interface Traits {
  /** Whether the output projection of attention has a bias. */
  outputBias(config: ModelConfig): boolean;
  /** Whether each head of the queries and keys is normalised. */
  qkNorm: boolean;
}

/** What all blocks of a forward pass get. */
export interface Context {
  layout: Layout;
  turns: Turns;
  /** Keys and values of earlier tokens. If given, the tokens of the pass continue that one document. */
  cache?: KvCache;
  training: boolean;
}

/** Causal attention in which H query heads share K key/value heads. [N, D] -> [N, D] */
export class Attention extends Module<[Tensor, Context]> {
  qProj: Projection;
  kProj: Projection;
  vProj: Projection;
  oProj: Projection;
  declare qNorm?: RmsNorm;
  declare kNorm?: RmsNorm;
  readonly #config: ModelConfig;
  readonly #layer: number;

  constructor(config: ModelConfig, traits: Traits, layer: number, placement: Placement) {
    super();
    const { hiddenSize: D, numAttentionHeads: H, numKeyValueHeads: K, headDim: C, attentionBias: bias } = config;
    this.#config = config;
    this.#layer = layer;
    this.qProj = new Linear(D, H * C, { bias, ...placement });
    this.kProj = new Linear(D, K * C, { bias, ...placement });
    this.vProj = new Linear(D, K * C, { bias, ...placement });
    this.oProj = new Linear(H * C, D, { bias: traits.outputBias(config), ...placement });
    if (traits.qkNorm) {
      this.qNorm = new RmsNorm(C, config.rmsNormEps, placement);
      this.kNorm = new RmsNorm(C, config.rmsNormEps, placement);
    }
  }

  protected forward(x: Tensor, { layout, turns, cache, training }: Context): Tensor {
    const { headDim: C, slidingWindow, layerTypes, attentionDropout } = this.#config;
    const heads = (y: Tensor) => y.unflatten(-1, [-1, C]);
    const turned = (y: Tensor, norm?: RmsNorm) =>
      (norm ? norm.call(y) : y).rope(turns.cos, turns.sin, layout.positions);
    const q = turned(heads(this.qProj.call(x)), this.qNorm); // [N, H, C]
    const k = turned(heads(this.kProj.call(x)), this.kNorm); // [N, K, C]
    const v = heads(this.vProj.call(x)); //                     [N, K, C]
    const window = layerTypes[this.#layer] === "sliding_attention" ? slidingWindow : null;
    const y = cache
      ? attendCached(q, ...cache.append(this.#layer, k, v), window)
      : attend(q, k, v, { ...layout, window, dropout: training ? attentionDropout : 0 });
    return this.oProj.call(y); // [N, D]
  }
}

/** down(silu(gate(x)) · up(x)): SwiGLU. */
export class Mlp extends Module {
  gateProj: Projection;
  upProj: Projection;
  downProj: Projection;
  constructor({ hiddenSize: D, intermediateSize: F, mlpBias: bias }: ModelConfig, placement: Placement) {
    super();
    this.gateProj = new Linear(D, F, { bias, ...placement });
    this.upProj = new Linear(D, F, { bias, ...placement });
    this.downProj = new Linear(F, D, { bias, ...placement });
  }
  protected forward(x: Tensor): Tensor {
    return this.downProj.call(this.gateProj.call(x).swiglu(this.upProj.call(x)));
  }
}

/** One layer: attention, then the feed-forward part, each behind a norm and added to its input. [N, D] -> [N, D] */
export class Block extends Module<[Tensor, Context]> {
  selfAttn: Attention;
  mlp: Mlp;
  inputLayernorm: RmsNorm;
  postAttentionLayernorm: RmsNorm;
  constructor(config: ModelConfig, traits: Traits, layer: number, placement: Placement) {
    super();
    this.selfAttn = new Attention(config, traits, layer, placement);
    this.mlp = new Mlp(config, placement);
    this.inputLayernorm = new RmsNorm(config.hiddenSize, config.rmsNormEps, placement);
    this.postAttentionLayernorm = new RmsNorm(config.hiddenSize, config.rmsNormEps, placement);
  }
  protected forward(x: Tensor, context: Context): Tensor {
    const h = x.add(this.selfAttn.call(this.inputLayernorm.call(x), context));
    return h.add(this.mlp.call(this.postAttentionLayernorm.call(h)));
  }
}
