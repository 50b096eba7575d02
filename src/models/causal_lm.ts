import { Embedding, type Layout, Linear, Module, type Parameter, type Placement, type Projection } from "../nn/mod.ts";
import { type HeadLoss, type HeadLossOptions, linearCrossEntropy, RmsNorm, Rope } from "../nn/mod.ts";
import { linearLogProb, type LogProbOptions, type LogProbs } from "../nn/mod.ts";
import { noGrad, rand, scope, type Tensor } from "../tensor/mod.ts";
import { recomputed, through, type Traced } from "./chain.ts";
import type { ModelConfig } from "./config.ts";
import { Block, type Context, type Traits } from "./decoder.ts";
import type { KvCache } from "./kv_cache.ts";

// N tokens, S rows of them, D hidden, V vocabulary.

/** How a forward pass is run. */
export interface HiddenOptions {
  /** Dropout and NEFTune act. Default false. */
  training?: boolean;
  /** Keep only the inputs of blocks, and run each again for its gradient. Default false. */
  checkpointing?: boolean;
  /** α of NEFTune (https://arxiv.org/abs/2310.05914): uniform noise of ±α/sqrt(L·D) on the embeddings, L the longest document. */
  neftuneAlpha?: number;
}

class Backbone extends Module<[Tensor], Tensor> {
  embedTokens: Embedding;
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
 * A causal language model as a chain: embed -> blocks -> norm -> head. Tokens of all documents lie end to end [N]; the
 * layout says where each begins.
 */
export class CausalLm extends Module<[Tensor, Layout]> {
  model: Backbone;
  /** Absent where the head is the embedding. */
  declare lmHead?: Projection;
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
  /** What hidden states are multiplied by: [V, D]. */
  get headWeight(): Parameter {
    return (this.lmHead ?? this.model.embedTokens).weight;
  }

  /** Token ids [N] -> hidden states after the last norm [N, D]; call `finish` after backward. */
  hidden(ids: Tensor, layout: Layout, options: HiddenOptions = {}): Traced {
    const { training = false, checkpointing = false, neftuneAlpha = 0 } = options;
    const context: Context = { layout, turns: this.#rope.turns(layout.span), training };
    let x = this.model.call(ids);
    if (training && neftuneAlpha > 0) x = x.add(noise(x, neftuneAlpha / Math.sqrt(layout.span * x.shape[1])));
    if (checkpointing) {
      const { hidden, finish } = recomputed(this.blocks, x, context);
      return { hidden: this.model.norm.call(hidden), finish };
    }
    return { hidden: this.model.norm.call(through(this.blocks, x, context)), finish: () => {} };
  }

  /** Token ids [N] -> logits [N, V]. */
  protected forward(ids: Tensor, layout: Layout): Tensor {
    return this.head(this.hidden(ids, layout).hidden);
  }

  /** Hidden states [.., D] -> logits [.., V]. */
  head(hidden: Tensor): Tensor {
    return this.lmHead ? this.lmHead.call(hidden) : hidden.linear(this.headWeight);
  }

  /** The cross-entropy of hidden states [N, D] at targets [N], summed, without ever holding all logits. */
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
    return this.lmHead?.factors(hidden) ?? { x: hidden, weight: this.headWeight };
  }

  /** The continuation of one document: ids [T] after those in the cache -> logits of the last token [V]. No gradients. */
  next(ids: Tensor, positions: Tensor, cache: KvCache): Tensor {
    return noGrad(() => {
      const T = ids.shape[0], layout = { positions, lengths: [T], span: cache.length + T };
      const context: Context = { layout, turns: this.#rope.turns(layout.span), cache, training: false };
      const x = through(this.blocks, this.model.call(ids), context);
      return this.head(this.model.norm.call(x.narrow(0, T - 1, 1))).squeeze(0);
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
 * Draws every weight anew as HF's `_init_weights`: normal(0, initializer_range) for linear and embedding weights, zero
 * biases, norms one.
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
