import { made, outs, packedHandles } from "./base.ts";
import { C } from "./lib.ts";
import { Tensor } from "./tensor.gen.ts";

/** Runs `fn` without recording a graph. */
export function noGrad<T>(fn: () => T): T {
  const was = C.grad_mode(false);
  try {
    return fn();
  } finally {
    C.grad_mode(was);
  }
}

/** Runs `fn` recording a graph, also inside `noGrad`. */
export function withGrad<T>(fn: () => T): T {
  const was = C.grad_mode(true);
  try {
    return fn();
  } finally {
    C.grad_mode(was);
  }
}

/** Whether operators record a graph here: false inside `noGrad`. */
export function recordsGraph(): boolean {
  const records = C.grad_mode(true);
  C.grad_mode(records);
  return records;
}

/** Gradients of outputs · gradOutputs with respect to inputs; null where an input was not used. Leaves gather nothing. */
export function gradients(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  gradOutputs: readonly Tensor[] = [],
): (Tensor | null)[] {
  const n = C.gradients(
    packedHandles(outputs),
    outputs.length,
    packedHandles(inputs),
    inputs.length,
    packedHandles(gradOutputs),
    gradOutputs.length,
    outs,
    outs.length,
  );
  return made(n, "gradients", [...outputs]).map((h) => h ? new Tensor(h) : null);
}
