import { roundedSize } from "../nn/rounded_size.ts";
import { type Load, tokensOf } from "./facts.ts";
import type { ShadowModel } from "./model.ts";
import type { Shadow } from "./tape.ts";

// N tokens, D hidden, C channels of a head.

/** How a forward pass is run. */
export interface PassOptions {
  training: boolean;
  checkpointing?: boolean;
  neftune?: boolean;
}

/**
 * One batch forward and, in training, backward: the objective of src/train/objective.ts over the chain of
 * src/models/causal_lm.ts, operator by operator. What lives to the end of the step is what their scopes hold.
 */
export function pass(model: ShadowModel, asked: Load, { training, checkpointing, neftune }: PassOptions) {
  const { tape, kernels, config, parameters } = model, { hiddenSize: D } = config;
  const load = rounded(asked, kernels.device), N = tokensOf(load);
  tape.recording = training;
  tape.scope(() => {
    if (!training) tape.tensor(2 * (N + load.learned), 4, "temporary"); // ids, positions, rows, targets; in training kept
    let x = tape.scope(() => kernels.embedding(parameters.get("model.embed_tokens.weight")!, N, D));
    if (neftune) {
      const noise = tape.scope(() => noiseLike(model, x));
      x = kernels.add(x, noise);
    }
    tape.ledger.doing = training ? "the forward pass" : "evaluation";
    const traced = checkpointing ? recomputed(model, x, load) : { hidden: through(model, x, load), finish: () => {} };
    const norm = parameters.get("model.norm.weight")!;
    const hidden = tape.scope(() => kernels.rmsNorm(traced.hidden, norm, D));
    if (training) tape.ledger.doing = "the loss";
    const loss = headLoss(model, kernels.rows(hidden, load.learned * D));
    if (!training) return;
    tape.ledger.doing = "the backward pass";
    tape.backward(loss);
    traced.finish();
  });
  tape.recording = true;
}

/** The batch as it is computed, rounded up on a CPU by a document of padding: `inputsOf` of src/train/objective.ts. */
function rounded(load: Load, device: "cpu" | "cuda"): Load {
  const N = tokensOf(load), padding = roundedSize(N, device) - N;
  return {
    lengths: padding ? [...load.lengths, padding] : load.lengths,
    learned: roundedSize(load.learned, device),
  };
}

/** `CausalLm.headLoss`; a branch beside the head widens both factors (`LoraLinear.factors`). */
function headLoss({ kernels, tape, config, parameters, layer }: ShadowModel, picked: Shadow): Shadow {
  const D = config.hiddenSize;
  if (config.tieWordEmbeddings) return kernels.headLoss(picked, parameters.get("model.embed_tokens.weight")!, D);
  const head = layer("lm_head"), { branch } = head;
  if (!branch) return kernels.headLoss(picked, head.weight, D);
  const width = kernels.width, V = head.outputs, S = picked.size / D, R = branch.rank;
  const joined = (parts: Shadow[], size: number) =>
    tape.record(tape.tensor(size, width), {
      inputs: parts,
      backward: () => parts.map((part) => part.wantsGrad ? tape.flow(part.size * width) : undefined),
    });
  const dropped = branch.dropout > 0 ? kernels.dropout(picked) : picked;
  const low = kernels.linear(dropped, { inputs: D, outputs: R, weight: branch.a });
  const scaled = tape.record(tape.tensor(S * R, width), { inputs: [low], backward: () => [tape.flow(S * R * width)] });
  const x = joined([picked, scaled], S * (D + R)), weight = joined([head.weight, branch.b], V * (D + R));
  return kernels.headLoss(x, weight, D + R);
}

/** Uniform noise in fp32, shifted, scaled, and rounded to the type of x. */
function noiseLike({ tape, kernels }: ShadowModel, x: Shadow): Shadow {
  for (let i = 0; i < 2; i++) tape.tensor(x.size, 4, "temporary");
  const scaled = tape.tensor(x.size, 4, "temporary");
  return kernels.width === 4 ? scaled : tape.tensor(x.size, kernels.width, "temporary");
}

/** `through` of src/models/chain.ts: what lies between blocks ends once the next block has run. */
function through(model: ShadowModel, x: Shadow, load: Load, from = 0, to = model.config.numHiddenLayers): Shadow {
  let y = x;
  for (let i = from; i < to; i++) {
    const z = block(model, i, y, load);
    if (y !== x) model.tape.end(y);
    y = z;
  }
  return y;
}

/** `recomputed` of src/models/chain.ts: inputs of blocks stay, and each block runs again for its gradient. */
function recomputed(model: ShadowModel, x: Shadow, load: Load): { hidden: Shadow; finish: () => void } {
  const { tape, config: { numHiddenLayers: L }, parameters } = model;
  const trains = (i: number) =>
    [...parameters].some(([name, p]) => p.wantsGrad && name.startsWith(`model.layers.${i}.`));
  const lowest = x.wantsGrad ? 0 : Array.from({ length: L }, (_, i) => i).find(trains) ?? -1;
  tape.recording = false;
  if (lowest < 0) {
    const hidden = through(model, x, load);
    tape.recording = true;
    return { hidden, finish: () => {} };
  }
  const inputs: Shadow[] = [];
  let y = through(model, x, load, 0, lowest);
  for (let i = lowest; i < L; i++) {
    inputs.push(y);
    y = block(model, i, y, load);
  }
  tape.recording = true;
  const hidden = tape.detached(y, true);
  const finish = () => {
    tape.ledger.doing = "the backward pass of a recomputed block";
    let gradient = tape.gradientOf(hidden);
    tape.forget(hidden);
    for (let i = L - 1; i >= lowest; i--) {
      let leaf: Shadow | undefined;
      const next = tape.scope((): Shadow | undefined => {
        leaf = tape.detached(inputs[i - lowest], i > lowest || x.wantsGrad);
        tape.backward(block(model, i, leaf, load), gradient);
        if (leaf.wantsGrad) return tape.gradientOf(leaf);
      });
      tape.forget(leaf!);
      tape.end(gradient);
      if (i > lowest) tape.end(inputs[i - lowest]);
      if (next) gradient = next;
    }
    if (x.wantsGrad) tape.backward(x, gradient);
  };
  return { hidden, finish };
}

/** `Block`, `Attention` and `Mlp` of src/models/decoder.ts, scope by scope. */
function block({ tape, kernels, config, parameters, layer, qkNorm }: ShadowModel, i: number, x: Shadow, load: Load) {
  const { hiddenSize: D, headDim: C, numAttentionHeads: H } = config;
  const at = (name: string) => `model.layers.${i}.${name}`;
  const call = (name: string, x: Shadow) => tape.scope(() => kernels.linear(x, layer(at(name))));
  const norm = (name: string, x: Shadow, row: number) =>
    tape.scope(() => kernels.rmsNorm(x, parameters.get(at(`${name}.weight`))!, row));
  const attention = (x: Shadow) =>
    tape.scope(() => {
      const turned = (name: string, normName: string) => {
        const y = call(`self_attn.${name}`, x);
        return kernels.rope(qkNorm ? norm(`self_attn.${normName}`, y, C) : y);
      };
      const q = turned("q_proj", "q_norm"), k = turned("k_proj", "k_norm"), v = call("self_attn.v_proj", x);
      return call("self_attn.o_proj", kernels.attention(q, k, v, H, load.lengths));
    });
  const mlp = (x: Shadow) =>
    tape.scope(() => call("mlp.down_proj", kernels.swiglu(call("mlp.gate_proj", x), call("mlp.up_proj", x))));
  return tape.scope(() => {
    const h = kernels.add(x, attention(norm("input_layernorm", x, D)));
    return kernels.add(h, mlp(norm("post_attention_layernorm", h, D)));
  });
}
