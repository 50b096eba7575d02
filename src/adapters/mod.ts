// What of a model is trained: everything, some blocks, or branches beside its layers.
export { attachLora, freeze, loraLayers, mergeLora, projections, setTraining, withoutAdapters } from "./attach.ts";
export { LoraLinear, type LoraOptions, plainLora } from "./lora.ts";
export { chosenToTrain, type FreezeSettings, modulesNamed } from "./chosen.ts";
export { trainAll, trainModules, trainSome } from "./select.ts";
