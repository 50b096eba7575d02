import { noGrad, randomState, recordsGraph, scope, setRandomState, type Tensor, withGrad } from "../tensor/mod.ts";
import type { Block, Context } from "./decoder.ts";

// N tokens, D hidden.

/** Hidden states, and the part of the backward pass that is left once the loss has been run backward to them. */
export interface Traced {
  /** [N, D] */
  hidden: Tensor;
  /** Call it once, after `backward` of everything computed from `hidden`. */
  finish: () => void;
}

/** A block in one pass through the chain. */
export interface Link {
  readonly block: Block;
  /** Position of the block in the chain, counted from 0. */
  readonly index: number;
  /**
   * The block's input [N, D]. With recomputation it is all that is kept of the block from its forward to its backward pass:
   * `afterForward` may replace it (by a copy in host memory) and `beforeBackward` must then restore it. The chain
   * disposes the last tensor it finds here; whoever replaces one disposes the one replaced.
   */
  input: Tensor;
}

/**
 * Functions that run around each block of a pass, without recording a graph: where an optimizer updates a block as soon as
 * its gradients are there, where inputs are offloaded and where parameter shards are gathered.
 *
 * The forward hooks run once for each block, from the first to the last; recomputation does not run them again. The backward
 * hooks run once for each block from the last to the lowest with something to train below or in it, and not in passes
 * without gradients. Tensors made in a hook belong to the scope of the pass; use `scope` for temporaries.
 */
export interface BlockHooks {
  beforeForward?(link: Link): void;
  afterForward?(link: Link): void;
  /** Before the block is recomputed. */
  beforeBackward?(link: Link): void;
  /** The gradients of the block's parameters are complete, and no lower block reads its weights. */
  afterBackward?(link: Link): void;
}

export interface ChainOptions {
  /** Keep only the inputs of blocks, and run each block again for its gradients. Default false. */
  recompute?: boolean;
  /** Before a block they run in this order, after it in the reverse order. Default none. */
  hooks?: readonly BlockHooks[];
}

/** What is kept of a block until its backward pass: its output with its graph, or the random state to repeat it with. */
interface Kept extends Link {
  output?: Tensor;
  random?: Uint8Array;
}

/**
 * Runs hidden states x [N, D] through the blocks.
 *
 * With recomputation (activation checkpointing, https://arxiv.org/abs/1604.06174) or hooks on the backward pass the graph is
 * cut at the input of each block, and `finish` runs the blocks backward one by one, from the last to the lowest that
 * something trains in or below. Otherwise autograd goes through all blocks at once and `finish` does nothing: that holds
 * one hidden state less. The gradients are the same bit for bit, because recomputation repeats each block's random numbers.
 */
export function chain(
  blocks: readonly Block[],
  x: Tensor,
  context: Context,
  { recompute = false, hooks = [] }: ChainOptions = {},
): Traced {
  const cut = recompute || hooks.some((hook) => hook.beforeBackward || hook.afterBackward);
  const lowest = cut ? lowestTrained(blocks, x) : blocks.length;
  const device = context.layout.positions.device;
  const run = ({ block, input }: Link) => block.call(input, context);

  const kept: Kept[] = [];
  let y = x;
  for (const [index, block] of blocks.entries()) {
    const link: Kept = { block, index, input: y };
    runHooks(hooks, "beforeForward", link);
    if (index < lowest) {
      y = run(link);
    } else if (recompute) {
      link.random = randomState(device);
      y = noGrad(() => run(link));
    } else {
      link.input = y.detach().requiresGrad(index > lowest || x.wantsGrad);
      y = link.output = run(link);
    }
    runHooks(hooks, "afterForward", link);
    if (index >= lowest) kept.push(link);
    else if (link.input !== x) link.input[Symbol.dispose](); // what lies between blocks must not pile up
  }
  if (kept.length === 0) return { hidden: y, finish: () => {} };

  const hidden = y.detach().requiresGrad();
  if (recompute) y[Symbol.dispose]();
  const finish = () => {
    const after = recompute && randomState(device);
    let gradient = hidden.grad;
    if (!gradient) throw new Error("Cannot finish the backward pass of the blocks: run backward on the loss first");
    hidden.grad = null;
    hidden[Symbol.dispose]();
    for (let link; (link = kept.pop());) {
      const { index } = link;
      runHooks(hooks, "beforeBackward", link);
      const above = gradient!;
      gradient = scope(() => {
        if (link.random) {
          setRandomState(link.random, device);
          const input = link.input.detach().requiresGrad(index > lowest || x.wantsGrad);
          withGrad(() => run({ ...link, input })).backward(above);
          return input.grad;
        }
        link.output!.backward(above);
        return link.input.grad;
      });
      for (const done of [above, link.output, link.input]) if (done !== x) done?.[Symbol.dispose]();
      runHooks(hooks, "afterBackward", link);
    }
    if (after) setRandomState(after, device);
    if (x.wantsGrad) x.backward(gradient!);
  };
  return { hidden, finish };
}

function runHooks(hooks: readonly BlockHooks[], at: keyof BlockHooks, link: Link) {
  const inOrder = at.startsWith("before") ? hooks : hooks.toReversed();
  for (const hook of inOrder) noGrad(() => hook[at]?.(link));
}

/** Index of the first block that gradients must reach; the number of blocks where there is none. */
function lowestTrained(blocks: readonly Block[], x: Tensor): number {
  if (!recordsGraph()) return blocks.length;
  const lowest = x.wantsGrad ? 0 : blocks.findIndex(trains);
  return lowest < 0 ? blocks.length : lowest;
}

function trains(block: Block): boolean {
  for (const [, p] of block.parameters()) if (p.wantsGrad) return true;
  return false;
}
