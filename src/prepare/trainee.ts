import { adapterFiles, prepareAdapter, setTraining, trainAll, trainSome } from "../adapters/mod.ts";
import { type CausalLm, modulesWithRows, resizeVocab, type Vocabulary } from "../models/mod.ts";
import type { Named } from "../optim/mod.ts";
import type { Recipe } from "../recipe/mod.ts";
import { type DType, keep, noGrad, scope, type Tensor } from "../tensor/mod.ts";
import { trainedFolders } from "../tokenizer/mod.ts";
import { computeIn, modelFiles, modelOf, type SavedWeights } from "../weights/mod.ts";

/** The model of a run, the parameters that train, and the files that are saved. */
export interface Trainee extends Disposable {
  model: CausalLm;
  /** Parameters that train. */
  named: Named[];
  /** fp32 masters of the parameters that compute in a narrower type; the optimizer takes ownership. */
  masters: Map<string, Tensor>;
  /** What checkpoints and the finished run contain: an adapter, or the whole model. */
  saved: SavedWeights;
}

export interface TraineeOptions {
  /** The tokenizer's vocabulary. */
  vocabulary: Vocabulary;
  onNote: (sentence: string) => void;
  /** Called with the share of the weights that has been read, 0 to 1. */
  onProgress?: (share: number) => void;
}

/**
 * Loads a recipe's model and chooses what trains: everything, some blocks, or LoRA branches. Trained weights keep the
 * precision of their files in fp32 masters when the model computes in bf16.
 */
export async function loadTrainee(recipe: Recipe, options: TraineeOptions): Promise<Trainee> {
  const { onNote, onProgress } = options;
  const lora = recipe.finetuningType === "lora", exact = !lora && !recipe.pureBf16;
  const { model, dtype } = await modelOf(recipe, { purpose: "train", keepFileDtype: exact, onNote, onProgress });
  try {
    const saved = lora ? await withAdapter(model, recipe, options) : withOwnWeights(model, recipe, options);
    const named = [...model.parameters()].filter(([, p]) => p.wantsGrad);
    const masters = exact ? mastersOf(named, dtype) : new Map<string, Tensor>();
    computeIn(model, dtype, recipe.upcastLayernorm);
    setTraining(model, true);
    return { model, named, masters, saved, [Symbol.dispose]: () => model[Symbol.dispose]() };
  } catch (error) {
    model[Symbol.dispose]();
    throw error;
  }
}

async function withAdapter(model: CausalLm, recipe: Recipe, { vocabulary, onNote }: TraineeOptions) {
  const attached = await prepareAdapter(model, recipe, {
    additionalTarget: recipe.additionalTarget,
    vocabulary: recipe.resizeVocab ? vocabulary : undefined,
    ofAdapter: trainedFolders(recipe).length > 1,
    note: onNote,
  });
  return adapterFiles(attached);
}

function withOwnWeights(model: CausalLm, recipe: Recipe, { vocabulary, onNote }: TraineeOptions) {
  const grown = recipe.resizeVocab && resizeVocab(model, vocabulary, onNote);
  if (recipe.finetuningType === "full") trainAll(model);
  else {
    const withRows = grown ? modulesWithRows(model.config) : [];
    trainSome(model, { ...recipe, freezeExtraModules: [...recipe.freezeExtraModules, ...withRows] });
  }
  return modelFiles(model);
}

/** fp32 copies of the parameters that will be rounded to `dtype`. */
function mastersOf(named: readonly Named[], dtype: DType): Map<string, Tensor> {
  const rounded = named.filter(([, p]) => dtype !== "f32" && p.dtype === "f32");
  return new Map(rounded.map(([name, p]) => [name, keep(scope(() => noGrad(() => p.detach().clone())))]));
}
