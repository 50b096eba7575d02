// A stage in one file, with a loss and two metrics of its own: the log-probabilities of a pair's answers should differ by a gap.
import type { Batch } from "../../src/data/mod.ts";
import type { CausalLm } from "../../src/models/mod.ts";
import type { Recipe } from "../../src/recipe/mod.ts";
import type { Stage } from "../../src/stages/mod.ts";
import { from, type Tensor } from "../../src/tensor/mod.ts";
import { type Inputs, inputsOf, type Judge, type Objective } from "../../src/train/mod.ts";
import type { ContrastSettings } from "./setting.ts";
import { pairs } from "./task.ts";

// S supervised tokens, R rows of two documents.

export const contrast: Stage = {
  task: pairs,
  objective: ({ model, recipe, feed }): Objective => ({
    count: (batch) => batch.rows,
    metrics: { "rewards/accuracies": (batch) => batch.rows, "rewards/margins": (batch) => batch.rows },
    run(batch) {
      const { gap, finish } = gapsOf(model, batch, feed.take(batch), true);
      const missing = gap.sub(wanted(recipe));
      const [right, margin] = [gap.gt(0).to("f32").sum(), gap.detach().sum()];
      const sums = { "rewards/accuracies": right, "rewards/margins": margin };
      return { loss: missing.mul(missing).sum(), sums, finish };
    },
  }),
  judge: ({ model, recipe }): Judge => ({
    metrics: ["loss", "rewards/accuracies"],
    run(batch) {
      const gaps = [...gapsOf(model, batch, inputsOf(batch, model.placement.device)).gap.toArray()];
      const mean = (of: (gap: number) => number) => ({ sum: gaps.reduce((n, g) => n + of(g), 0), of: batch.rows });
      return { loss: mean((g) => (g - wanted(recipe)) ** 2), "rewards/accuracies": mean((g) => Number(g > 0)) };
    },
  }),
};

const wanted = (recipe: Recipe) => (recipe as Recipe & ContrastSettings).contrastGap;

/** By how much the first answer of each row is likelier than the second [R]. */
function gapsOf(model: CausalLm, batch: Batch, { ids, layout, supervised, targets }: Inputs, training = false) {
  const { hidden, finish } = model.hidden(ids, layout, { training });
  const { logp } = model.logProbs(hidden.indexSelect(0, supervised), targets); // [S]
  return { gap: signs(batch, supervised).matmul(logp), finish };
}

/** 1 where a supervised token is in the first document of a row, -1 in the second: [R, S]. */
function signs({ rows, rowStarts, starts, supervised }: Batch, like: Tensor): Tensor {
  const S = like.shape[0], values = new Float32Array(rows * S);
  supervised.forEach((position, s) => {
    const document = starts.findLastIndex((start) => start <= position);
    const row = rowStarts.findLastIndex((start) => start <= document);
    values[row * S + s] = document === rowStarts[row] ? 1 : -1;
  });
  return from(values, [rows, S], like.device);
}
