import { setImmediate } from "node:timers";
import { FtxError } from "../errors.ts";
import type { CausalLm } from "../models/mod.ts";
import { manualSeed, scope } from "../tensor/mod.ts";
import { Past } from "./past.ts";
import { Sampler, type Sampling } from "./sampler.ts";

/** Why an answer ended: a stop token, `maxNewTokens`, the model's last position, or an abort. */
export type Ending = "stop" | "length" | "positions" | "aborted";

/** How tokens are generated. Default: greedy, without penalty. */
export interface GenerateOptions extends Partial<Sampling> {
  /** Most tokens to generate. Default 1024. */
  maxNewTokens?: number;
  /** Ids that end the answer; they are not part of it. */
  stop?: Iterable<number>;
  /** Seeds the random numbers of every device first: the same seed gives the same tokens. */
  seed?: number;
  /** What the model has already read, to continue from. The caller disposes it. */
  past?: Past;
  signal?: AbortSignal;
}

const PIECE = 512; // tokens of a prompt read at once: attention needs a mask of PIECE x all tokens

/**
 * Generates the token ids that continue `prompt`; the generator's return value says why it ended. The event loop runs
 * between tokens, so that signals, timers and input are handled.
 *
 * @example
 * ```ts
 * for await (const id of generate(model, ids, { maxNewTokens: 32, stop: [2] })) console.log(id);
 * ```
 * @throws {FtxError} The prompt is empty, has ids the model does not know, or has more tokens than the model positions.
 */
export async function* generate(
  model: CausalLm,
  prompt: readonly number[],
  options: GenerateOptions = {},
): AsyncGenerator<number, Ending> {
  const { maxNewTokens = 1024, seed, signal } = options;
  const positions = positionsOf(model);
  checkPrompt(prompt, model, positions);
  const stop = new Set(options.stop);
  const past = options.past ?? new Past();
  try {
    using sampler = new Sampler({ ...GREEDY, ...options }, prompt, {
      vocabulary: model.config.vocabSize,
      device: model.placement.device,
    });
    if (seed !== undefined) manualSeed(seed);
    let unread = past.goBackTo(prompt);
    for (; unread.length > PIECE; unread = unread.slice(PIECE)) {
      await turnOfEvents();
      if (signal?.aborted) return "aborted";
      scope(() => void past.read(model, unread.slice(0, PIECE)));
    }
    for (let made = 0; made < maxNewTokens; made++) {
      if (past.length + unread.length > positions) return "positions";
      await turnOfEvents();
      if (signal?.aborted) return "aborted";
      const id = scope(() => sampler.choose(past.read(model, unread)));
      if (stop.has(id)) return "stop";
      yield id;
      unread = [id];
    }
    return "length";
  } finally {
    if (past !== options.past) past[Symbol.dispose]();
  }
}

const GREEDY: Sampling = { doSample: false, temperature: 1, topK: 0, topP: 1, repetitionPenalty: 1 };

/** The number of positions that a model distinguishes, with the factor by which dynamic rope stretches them. */
export function positionsOf({ config: { maxPositionEmbeddings, ropeScaling } }: Pick<CausalLm, "config">): number {
  return ropeScaling?.type === "dynamic"
    ? Math.floor(maxPositionEmbeddings * ropeScaling.factor)
    : maxPositionEmbeddings;
}

function checkPrompt(prompt: readonly number[], model: CausalLm, positions: number) {
  if (prompt.length === 0) throw new FtxError("Cannot answer an empty prompt: write something");
  if (prompt.length > positions) {
    throw new FtxError(
      `Cannot answer a prompt of ${prompt.length} tokens: the model has ${positions} positions; shorten the conversation`,
    );
  }
  const rows = model.model.embedTokens.weight.shape[0];
  const unknown = prompt.find((id) => id < 0 || id >= rows);
  if (unknown === undefined) return;
  throw new FtxError(
    `Cannot answer a prompt with the token ${unknown}: the model's embedding has ${rows} rows; ` +
      "check that tokenizer and model belong together, and that the vocabulary was resized if tokens were added",
  );
}

const turnOfEvents = () => new Promise<void>((done) => setImmediate(() => done()));
