// A model's weights: from the files of a folder into tensors, and back.
export { type ModelFolder, openModel, readModelConfig } from "./folder.ts";
export { checkSizes, loadModel, type LoadOptions, publishedDtype } from "./load.ts";
export { computeIn, type LoadSettings, modelOf, type RecipeModelOptions, wantedDtype } from "./recipe_model.ts";
export { configuredEnds, type Ends, withEnds } from "./ends.ts";
export { modelFiles, type SavedWeights } from "./files.ts";
export { sameValues } from "./same.ts";
export { bytesOfTensor, dtypeOf, fill, misfits, snapshot } from "./tensors.ts";
