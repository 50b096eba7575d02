import { Embedding, type Layout, Linear, type Lookup, Module, type Placement, type Projection } from "../nn/mod.ts";
import { type HeadLoss, type HeadLossOptions, linearCrossEntropy, RmsNorm, Rope } from "../nn/mod.ts";
import { linearLogProb, type LogProbOptions, type LogProbs } from "../nn/mod.ts";
import { noGrad, rand, scope, type Tensor } from "../tensor/mod.ts";
import { type BlockHooks, chain, type Traced } from "./chain.ts";
import type { ModelConfig } from "./config.ts";
import { Block, type Context, type Traits } from "./decoder.ts";
import type { KvCache } from "./kv_cache.ts";

// N tokens, S rows of them, D hidden, V vocabulary.

/** Options of a forward pass. */
export interface HiddenOptions {
  /** Whether dropout and NEFTune act. Default false. */
  training?: boolean;
  /** Keep only the inputs of blocks and run each block again for its gradients. Default false. */
  checkpointing?: boolean;
  /**
   * α of NEFTune (https://arxiv.org/abs/2310.05914): adds uniform noise of ±α/sqrt(L·D) to the embeddings, where L is the
   * length of the longest document. Default 0: no noise.
   */
  neftuneAlpha?: number;
}

class Backbone extends Module<[Tensor], Tensor> {
  embedTokens: Lookup;
  layers: Block[];
  norm: RmsNorm;
  constructor(config: ModelConfig, traits: Traits, placement: Placement) {
    super();
    this.embedTokens = new Embedding(config.vocabSize, config.hiddenSize, placement);
    this.layers = Array.from(
      { length: config.numHiddenLayers },
      (_, i) => new Block(config, traits, i, placement),
    );
    this.norm = new RmsNorm(config.hiddenSize, config.rmsNormEps, placement);
  }
  protected forward(ids: Tensor): Tensor {
    return this.embedTokens.call(ids);
  }
}

/**
 * A causal language model: embedding -> blocks -> norm -> head. A batch is the tokens of all its documents end to end [N];
 * the layout says where each document begins.
 */
export class CausalLm extends Module<[Tensor, Layout]> {
  model: Backbone;
  /** Absent if the embedding is also the head. */
  declare lmHead?: Projection;
  /** Hooks around each block, in every pass. Optimizers, offload and parameter shards add theirs here. */
  readonly hooks: BlockHooks[] = [];
  readonly #rope: Rope;

  constructor(readonly config: ModelConfig, traits: Traits, readonly placement: Placement) {
    super();
    this.model = new Backbone(config, traits, placement);
    if (!config.tieWordEmbeddings) this.lmHead = new Linear(config.hiddenSize, config.vocabSize, placement);
    this.#rope = new Rope(config, placement.device);
  }

  get blocks(): Block[] {
    return this.model.layers;
  }

  /** Token ids [N] -> hidden states after the last norm [N, D]. Call `finish` after the backward pass of the loss. */
  hidden(ids: Tensor, layout: Layout, options: HiddenOptions = {}): Traced {
    const { training = false, checkpointing = false, neftuneAlpha = 0 } = options;
    const context: Context = { layout, turns: this.#rope.turns(layout.span), training };
    let x = this.model.call(ids);
    if (training && neftuneAlpha > 0) x = x.add(noise(x, neftuneAlpha / Math.sqrt(layout.span * x.shape[1])));
    const { hidden, finish } = chain(this.blocks, x, context, { recompute: checkpointing, hooks: this.hooks });
    return { hidden: this.model.norm.call(hidden), finish };
  }

  /** Token ids [N] -> logits [N, V]. */
  protected forward(ids: Tensor, layout: Layout): Tensor {
    return this.head(this.hidden(ids, layout).hidden);
  }

  /** Hidden states [.., D] -> logits [.., V]. */
  head(hidden: Tensor): Tensor {
    return this.lmHead ? this.lmHead.call(hidden) : hidden.linear(this.model.embedTokens.weight);
  }

  /** Cross-entropy of hidden states [N, D] at targets [N], summed. The logits [N, V] are never held all at once. */
  headLoss(hidden: Tensor, targets: Tensor, options: HeadLossOptions = {}): HeadLoss {
    const { x, weight } = this.#headFactors(hidden);
    return linearCrossEntropy(x, weight, targets, options);
  }

  /**
   * Log-probabilities of targets [S] given hidden states [S, D], and with `entropy` that of each row's distribution [S]: fp32,
   * with gradients, without ever holding all logits. Rows whose target is -100 are 0.
   */
  logProbs(hidden: Tensor, targets: Tensor, options: LogProbOptions = {}): LogProbs {
    const { x, weight } = this.#headFactors(hidden);
    return linearLogProb(x, weight, targets, options);
  }

  /** Two factors whose product x · weightᵀ is the logits, adapters of the head included. */
  #headFactors(hidden: Tensor): { x: Tensor; weight: Tensor } {
    return this.lmHead?.factors(hidden) ?? { x: hidden, weight: this.model.embedTokens.weight };
  }

  /** Reads ids [T] of one document that follow those in the cache -> logits of the last token [V]. No gradients. */
  next(ids: Tensor, positions: Tensor, cache: KvCache): Tensor {
    return noGrad(() => {
      const T = ids.shape[0], layout = { positions, lengths: [T], span: cache.length + T };
      const context: Context = { layout, turns: this.#rope.turns(layout.span), cache, training: false };
      const { hidden } = chain(this.blocks, this.model.call(ids), context, { hooks: this.hooks });
      return this.head(this.model.norm.call(hidden.narrow(0, T - 1, 1))).squeeze(0);
    });
  }

  override [Symbol.dispose]() {
    super[Symbol.dispose]();
    this.#rope[Symbol.dispose]();
  }
}

const noise = (like: Tensor, most: number) =>
  scope(() =>
    noGrad(() => rand(like.shape, { dtype: "f32", device: like.device }).sub(0.5).mul(2 * most).to(like.dtype))
  );

/**
 * Draws all weights like HF's `_init_weights`: normal(0, initializer_range) for linear layers and the embedding, zeros for
 * biases, ones for norms.
 */
export function initialise(model: CausalLm) {
  noGrad(() => {
    for (const [name, p] of model.parameters()) {
      if (name.endsWith("norm.weight")) p.fill_(1);
      else if (name.endsWith(".bias")) p.zero_();
      else p.normal_(0, model.config.initializerRange);
    }
  });
}
