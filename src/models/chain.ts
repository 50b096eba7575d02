import { noGrad, randomState, scope, setRandomState, type Tensor, withGrad } from "../tensor/mod.ts";
import type { Block, Context } from "./decoder.ts";

/** Hidden states, and what is still to be done after the backward of whatever was computed from them. */
export interface Traced {
  hidden: Tensor;
  finish: () => void;
}

/** Sends x through the blocks; of what lies between them only what a graph needs stays. */
export function through(blocks: readonly Block[], x: Tensor, context: Context): Tensor {
  let y = x;
  for (const block of blocks) {
    const z = block.call(y, context);
    if (y !== x) y[Symbol.dispose]();
    y = z;
  }
  return y;
}

/**
 * Activation checkpointing (https://arxiv.org/abs/1604.06174): the blocks run without a graph and only their inputs stay;
 * `finish` runs each again with one, from the last to the lowest that has something to train, and takes its gradients.
 * Gradients equal those of a plain backward; dropout repeats, because each block's random state is kept.
 */
export function recomputed(blocks: readonly Block[], x: Tensor, context: Context): Traced {
  const lowest = x.wantsGrad ? 0 : blocks.findIndex(trains);
  if (lowest < 0) { // nothing to train below the norm: nothing to recompute
    return { hidden: noGrad(() => through(blocks, x, context)), finish: () => {} };
  }
  const inputs: Tensor[] = [], states: Uint8Array[] = [];
  const device = context.layout.positions.device;
  const recomputable = blocks.slice(lowest);
  const last = noGrad(() =>
    recomputable.reduce((y, block) => {
      inputs.push(y);
      states.push(randomState(device));
      return block.call(y, context);
    }, through(blocks.slice(0, lowest), x, context))
  );
  const hidden = last.detach().requiresGrad();

  const finish = () => {
    const after = randomState(device);
    let gradient = hidden.grad;
    hidden.grad = null;
    for (let i = recomputable.length - 1; i >= 0; i--) {
      const above = gradient!;
      gradient = scope(() => {
        const input = inputs[i].detach().requiresGrad(i > 0 || x.wantsGrad);
        setRandomState(states[i], device);
        withGrad(() => recomputable[i].call(input, context)).backward(above);
        return input.grad;
      });
      above[Symbol.dispose](); // neither that nor this block's input is needed any more
      if (i > 0) inputs[i][Symbol.dispose]();
    }
    setRandomState(after, device);
    if (x.wantsGrad) x.backward(gradient!);
  };
  return { hidden, finish };
}

function trains(block: Block): boolean {
  for (const [, p] of block.parameters()) if (p.wantsGrad) return true;
  return false;
}
