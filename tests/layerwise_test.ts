// Optimizers that update a block as soon as its gradients are there: the hook on a block's backward pass is enough for them.
import assert from "node:assert/strict";
import { attachLora, projections, setTraining, trainAll, trainSome } from "../src/adapters/mod.ts";
import { build, type CausalLm, initialise, modelConfig } from "../src/models/mod.ts";
import { layoutOf, type Parameter } from "../src/nn/mod.ts";
import { from, keep, live, manualSeed, noGrad, scope, type Tensor, zeros } from "../src/tensor/mod.ts";
import "./support/tensors.ts";

const BLOCKS = 4, STEPS = 3;
const starts = Int32Array.of(0, 9, 24), positions = Int32Array.from({ length: 24 }, (_, i) => i < 9 ? i : i - 9);
const ids = Int32Array.from({ length: 24 }, (_, i) => i * 7 % 40), targets = ids.map((id) => (id + 1) % 40);

/** How one parameter is updated by its gradient; owns the state of all. */
interface Rule extends Disposable {
  update(p: Parameter): void;
}

class Sgd implements Rule {
  update(p: Parameter) {
    p.add_(p.grad!, { alpha: -0.05 });
  }
  [Symbol.dispose]() {}
}

/** https://arxiv.org/abs/1711.05101 by separate operators. */
class AdamW implements Rule {
  readonly #state = new Map<Parameter, { m: Tensor; v: Tensor; step: number }>();
  update(p: Parameter) {
    if (!this.#state.has(p)) {
      const moment = () => keep(zeros(p.shape, { dtype: p.dtype }));
      this.#state.set(p, { m: moment(), v: moment(), step: 0 });
    }
    const state = this.#state.get(p)!, { m, v } = state, g = p.grad!, step = ++state.step;
    m.lerp_(g, 0.1);
    v.mul_(0.999).add_(g.mul(g), { alpha: 0.001 });
    const divisor = v.div(1 - 0.999 ** step).sqrt().add(1e-8);
    p.mul_(1 - 0.01 * 0.1).add_(m.div(divisor), { alpha: -0.01 / (1 - 0.9 ** step) });
  }
  [Symbol.dispose]() {
    for (const { m, v } of this.#state.values()) [m, v].forEach((t) => t[Symbol.dispose]());
  }
}

function model(): CausalLm {
  const config = modelConfig({
    architectures: ["Qwen2ForCausalLM"],
    vocab_size: 40,
    hidden_size: 16,
    intermediate_size: 24,
    num_hidden_layers: BLOCKS,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    initializer_range: 0.3,
    tie_word_embeddings: true,
  });
  const lm = build(config, { dtype: "f32", device: "cpu" });
  manualSeed(3);
  initialise(lm);
  return lm;
}

function addLora(lm: CausalLm) {
  const paths = [...projections(lm).keys()];
  const layers = attachLora(lm, new Map(paths.map((path) => [path, { rank: 2, alpha: 4, dropout: 0.3 }])));
  for (const layer of layers) layer.initialise();
  setTraining(lm, true);
}

const trained = (module: { parameters(): Iterable<[string, Parameter]> }) =>
  [...module.parameters()].filter(([, p]) => p.wantsGrad).map(([, p]) => p);

/** Updates parameters by their gradients and drops these. */
function update(parameters: readonly Parameter[], rule: Rule) {
  scope(() =>
    noGrad(() => {
      for (const p of parameters) {
        if (!p.grad) continue;
        rule.update(p);
        p.grad = null;
      }
    })
  );
}

interface How {
  choose: (lm: CausalLm) => void;
  rule: Rule;
  checkpointing: boolean;
  layerwise: boolean;
}

/** Trains a few steps; gives the weights, and how many parameters of blocks had a gradient at once. */
function train({ choose, rule, checkpointing, layerwise }: How): { weights: number[][]; most: number } {
  using lm = model(), _ = rule;
  choose(lm);
  const values = () => trained(lm).map((p) => [...p.toArray()]), initial = values();
  const inBlocks = lm.blocks.flatMap(trained);
  let most = 0;
  const count = () => scope(() => most = Math.max(most, inBlocks.filter((p) => p.grad).length));
  if (layerwise) {
    lm.hooks.push({
      afterBackward({ block }) {
        count();
        update(trained(block), rule);
      },
    });
  }
  manualSeed(4);
  for (let step = 0; step < STEPS; step++) {
    scope(() => {
      const layout = layoutOf(positions, starts, "cpu");
      const { hidden, finish } = lm.hidden(from(ids), layout, { training: true, checkpointing, neftuneAlpha: 5 });
      lm.headLoss(hidden, from(targets)).loss.backward();
      finish();
    });
    count();
    update(trained(lm), rule);
  }
  const weights = values();
  weights.forEach((w, i) => assert.notDeepEqual(w, initial[i]));
  return { weights, most };
}

const chosen: [string, (lm: CausalLm) => void, perBlock: number, blocks: number][] = [
  ["all weights", trainAll, 12, BLOCKS],
  ["LoRA with dropout", addLora, 14, BLOCKS],
  [
    "the two highest blocks",
    (lm) => trainSome(lm, { freezeTrainableLayers: 2, freezeTrainableModules: ["all"], freezeExtraModules: [] }),
    12,
    2,
  ],
];
for (const [what, choose, perBlock, blocks] of chosen) {
  for (const Optimizer of [Sgd, AdamW]) {
    for (const checkpointing of [false, true]) {
      const how = `${Optimizer.name}, ${checkpointing ? "with" : "without"} recomputation`;
      Deno.test(`updating block by block trains ${what} to the same bytes as updating at the end: ${how}`, () => {
        const before = live();
        const whole = train({ choose, rule: new Optimizer(), checkpointing, layerwise: false });
        const layerwise = train({ choose, rule: new Optimizer(), checkpointing, layerwise: true });
        assert.deepEqual(layerwise.weights, whole.weights);
        assert.deepEqual([layerwise.most, whole.most], [perBlock, blocks * perBlock]);
        assert.equal(live(), before);
      });
    }
  }
}
