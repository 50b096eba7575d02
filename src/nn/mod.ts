// Pieces of models: modules, attention, rope, the head's loss.
export { Module, type Parameter, parameter, type Place, replaceValue } from "./module.ts";
export { Embedding, Linear, Lookup, type Placement, Projection } from "./linear.ts";
export { plainRmsNorm, RmsNorm } from "./rms_norm.ts";
export { frequencies, plainRope, Rope, type RopeConfig, type RopeScaling, type Turns } from "./rope.ts";
export { type Layout, layoutOf, longestOf, roundedSize } from "./layout.ts";
export { attentionKernel } from "./attention_kernel.ts";
export { attend, attendCached, type AttendOptions, plainAttend } from "./attention.ts";
export { linearLogProb, type LogProbOptions, type LogProbs, plainLogProb } from "./log_prob.ts";
export { type HeadLoss, type HeadLossOptions, linearCrossEntropy, plainCrossEntropy } from "./loss.ts";
