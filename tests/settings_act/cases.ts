// A pair of values for each setting, and what differs between them.

import { existsSync, readdirSync, statSync } from "node:fs";
import { prepare, TASKS } from "../../src/data/mod.ts";
import { forecast, refuseImpossible } from "../../src/plan/mod.ts";
import { makeRecipe, type SettingName } from "../../src/recipe/mod.ts";
import { Tokenizer } from "../../src/tokenizer/mod.ts";
import { TEMPLATES } from "../../templates/mod.ts";
import { NANO } from "../reliability/nano.ts";
import { smallModel } from "../small_model.ts";
import type { Seen, Settings } from "./observe.ts";
import {
  again,
  atHub,
  CHATS,
  DEEP,
  EVAL,
  MANY,
  NARROW,
  offline,
  ONE,
  OTHER,
  place,
  see,
  TRAIN,
  trained,
} from "./scene.ts";

/** Two values of a setting and what is seen of each. */
export interface Case {
  values: readonly [unknown, unknown];
  see: (settings: Settings) => Promise<unknown>;
  /** Other settings that it needs. */
  others?: Settings;
  /** How another command is seen, where its outcome alone does not show it. */
  of?: (command: string) => (settings: Settings) => Promise<unknown>;
  /** It is seen in code that every command shares, without a command. */
  shared?: true;
}

/** A value that asks for something for which ftx does nothing, and says why. */
export interface Noted {
  noted: unknown;
}

/** The values make a difference to what is seen of a command: its weights, its log, what it says. */
const act = (what: keyof Seen, values: Case["values"], others: Settings = {}, command = "sft"): Case => ({
  ...{ values, others },
  see: async (settings) => (await see(command, { ...others, ...settings }))[what],
});
const weights = (values: Case["values"], others?: Settings) => act("weights", values, others);
const log = (values: Case["values"], others?: Settings) => act("log", values, others);
const files = (values: Case["values"], others?: Settings) => act("files", values, others);
const shapes = (values: Case["values"], others?: Settings) => act("shapes", values, others);
const says = (command: string, values: Case["values"], others?: Settings) => act("says", values, others, command);
const preview = (values: Case["values"], others?: Settings) => says("data", values, others);
const answer = (values: Case["values"], others?: Settings) => says("chat", values, others);

/** One way of seeing for every command; `command` is the usual one. */
const ofAny = (values: Case["values"], command: string, of: NonNullable<Case["of"]>): Case => ({
  ...{ values, of },
  see: of(command),
});

const noted = (value: unknown): Noted => ({ noted: value });

const FREEZE = { finetuningType: "freeze" }, FULL = { finetuningType: "full" };
const EVALUATES = { evalDataset: EVAL, evalStrategy: "steps", evalSteps: 1 };
const OVERSHOOTS = { // the first of three evaluations is the best, the second the worst
  ...{ ...EVALUATES, evalDataset: `${NANO}/other.jsonl`, learningRate: 0.1, lrSchedulerType: "constant" },
  ...{ maxGradNorm: 0, maxSteps: 3, saveStrategy: "steps", saveSteps: 1 },
};

export const CASES: Record<SettingName, Case | Noted> = {
  // Model
  modelNameOrPath: answer([NANO, await smallModel()]),
  adapterNameOrPath: weights([undefined, await trained("first")]),
  adapterFolder: weights(["first", "second"], {
    adapterNameOrPath: (await trained("second", { seed: 1 })).replace(/second$/, ""),
  }),
  dtype: log(["fp32", "bf16"]),
  bf16: log([false, true]),
  fp16: log([false, true]),
  tf32: {
    values: [false, true], // on a CPU, or a GPU that has none, a run says so
    see: async (s) => Object.values(await see("sft", { ...s, device: "auto" })).slice(0, 4),
  },
  pureBf16: weights([false, true], FULL),
  device: says("sft", ["cpu", "cuda:99"]),
  threads: act("threads", [1, 2]),
  ropeScaling: log(["linear", "yarn"], { cutoffLen: 1024 }),
  upcastLayernorm: shapes([false, true], { ...FULL, pureBf16: true }),
  resizeVocab: shapes([false, true], { ...FULL, model: NARROW, trainFromScratch: true }),
  addTokens: preview([undefined, "How do I"], { resizeVocab: true }),
  addSpecialTokens: preview([undefined, "How do I"], { resizeVocab: true }),
  trainFromScratch: weights([false, true], FULL),
  flashAttn: noted("fa2"),
  trustRemoteCode: noted(true),
  useFastTokenizer: noted(false),
  lowCpuMemUsage: noted(false),
  useReentrantGc: noted(false),
  // Hub
  modelRevision: ofAny(["main", "v2"], "chat", atHub),
  cacheDir: ofAny([place("a"), place("b")], "chat", offline),
  hfHubToken: ofAny(["hf_one", "hf_other"], "chat", atHub),
  // Template
  template: preview(["chatml", "alpaca"]),
  defaultSystem: preview([undefined, "list"]),
  enableThinking: preview([true, null], { template: "qwen3" }),
  preserveThinking: preview([false, true], { template: "qwen3", dataset: CHATS, maskHistory: true }),
  toolFormat: preview(["default", "qwen"], { dataset: CHATS }),
  splitSpecialTokens: preview([false, true], { dataset: CHATS }),
  // Data
  dataset: preview([TRAIN, EVAL]),
  evalDataset: preview([undefined, EVAL]),
  datasetDir: preview([place("here"), place("there")], { dataset: "it" }),
  cutoffLen: preview([2048, 40]),
  maxSamples: preview([undefined, 1]),
  valSize: preview([0, 3]),
  packing: preview([false, true], { cutoffLen: 200 }),
  neatPacking: preview([false, true], { cutoffLen: 200 }),
  trainOnPrompt: preview([false, true]),
  maskHistory: preview([false, true], { dataset: CHATS }),
  mixStrategy: preview(["concat", "interleave_over"], { dataset: `${EVAL},${ONE}` }),
  interleaveProbs: preview(["0.5,0.5", "0.9,0.1"], { dataset: `${EVAL},${ONE}`, mixStrategy: "interleave_over" }),
  groupByLength: log([false, true]),
  disableShuffling: log([false, true]),
  dataSeed: log([1, 2]),
  evalOnEachDataset: preview([false, true], { evalDataset: `${ONE},${OTHER}` }),
  tokenizedPath: ofAny([undefined, place("tokenized")], "data", (command) => async (settings) => {
    if (command === "plan") { // reads it, and writes none
      await again("data", { tokenizedPath: place("tokenized") });
      return (await again(command, { ...settings, dataset: EVAL })).says;
    }
    await Deno.remove(place("tokenized"), { recursive: true }).catch(() => {});
    await again(command, settings);
    return existsSync(place("tokenized"));
  }),
  overwriteCache: ofAny([false, true], "data", (command) => async (settings) => {
    await again(command, {});
    const before = cached();
    await again(command, settings);
    return cached() === before;
  }),
  preprocessingBatchSize: { values: [1000, 5], see: batchesEncoded, shared: true },
  preprocessingNumWorkers: noted(4),
  ignorePadTokenForLoss: noted(false),
  dataloaderNumWorkers: noted(4),
  // Method
  finetuningType: shapes(["lora", "full"]),
  loraRank: shapes([8, 4]),
  loraAlpha: log([16, 64]),
  loraDropout: log([0, 0.5]),
  loraTarget: shapes(["all", "q_proj"]),
  loraLayers: shapes([undefined, 1]),
  additionalTarget: shapes([undefined, "norm"]),
  useRslora: log([false, true]),
  initLoraWeights: weights([true, "gaussian"]),
  createNewAdapter: weights([false, true], { adapterNameOrPath: await trained("first") }),
  freezeTrainableLayers: weights([1, -1], FREEZE),
  freezeTrainableModules: weights(["all", "mlp"], FREEZE),
  freezeExtraModules: weights([undefined, "norm"], FREEZE),
  neftuneNoiseAlpha: log([undefined, 5]),
  // Training
  stage: act("log", ["pt", "sft"], {}, "train"),
  numTrainEpochs: log([0.1, 0.3], { maxSteps: -1 }),
  maxSteps: log([1, 2]),
  perDeviceTrainBatchSize: log([4, 2]),
  gradientAccumulationSteps: log([1, 2]),
  perDeviceEvalBatchSize: act("peak", [1, 400], { evalDataset: MANY, doEval: true }),
  force: { values: [false, true], see: startsWithoutRoom, shared: true },
  gradientCheckpointing: act("peak", [true, false], {
    ...{ ...FULL, model: DEEP, trainFromScratch: true, dataset: MANY },
    ...{ perDeviceTrainBatchSize: 100, maxSteps: 1 },
  }),
  disableGradientCheckpointing: noted(true),
  labelSmoothingFactor: log([0, 0.1]),
  seed: weights([42, 1]),
  doTrain: files([true, false], { evalDataset: EVAL, doEval: true }),
  doEval: files([false, true], { evalDataset: EVAL }),
  evalStrategy: log(["no", "epoch"], { evalDataset: EVAL }),
  evalSteps: log([1, 2], { ...EVALUATES }),
  computeAccuracy: says("sft", [false, true], EVALUATES),
  loadBestModelAtEnd: weights([false, true], OVERSHOOTS),
  metricForBestModel: act("best", ["loss", "perplexity"], EVALUATES),
  greaterIsBetter: act("best", [false, true], OVERSHOOTS),
  earlyStoppingSteps: log([undefined, 1], OVERSHOOTS),
  maxSkippedSteps: log([1, 2], { learningRate: 1e38, maxSteps: 9, maxGradNorm: 0 }),
  // Optimizer
  learningRate: log([0.01, 0.02]),
  lrSchedulerType: log(["linear", "cosine"], { maxSteps: 3 }),
  lrSchedulerKwargs: log([{ num_cycles: 0.5 }, { num_cycles: 3 }], { lrSchedulerType: "cosine" }),
  warmupSteps: log([0, 1]),
  warmupRatio: log([0, 0.5]),
  weightDecay: weights([0, 0.5]),
  maxGradNorm: weights([1, 0.001], { adamEpsilon: 1 }),
  optim: weights(["adamw_torch", "lion_32bit"]),
  optimArgs: weights([undefined, "momentum=0.9"], { optim: "sgd" }),
  adamBeta1: weights([0.9, 0.5]),
  adamBeta2: weights([0.999, 0.5]),
  adamEpsilon: weights([1e-8, 0.1]),
  // Run
  outputDir: ofAny([place("one"), place("two")], "sft", (command) => async (s) => {
    await Deno.remove(place("two"), { recursive: true }).catch(() => {});
    const { says } = await again(command, s);
    return [says, existsSync(place("two"))];
  }),
  overwriteOutputDir: ofAny([false, true], "sft", (command) => async (settings) => {
    const outputDir = await trained("third");
    return (await again(command, { ...settings, outputDir })).says;
  }),
  resumeFromCheckpoint: ofAny([null, true], "sft", (command) => async (settings) => {
    const outputDir = place("fourth");
    return (await again(command, { ...settings, outputDir, saveStrategy: "steps" })).says;
  }),
  saveStrategy: files(["no", "steps"]),
  saveSteps: files([1, 2], { saveStrategy: "steps" }),
  saveTotalLimit: files([undefined, 1], { saveStrategy: "steps", saveSteps: 1 }),
  saveOnlyModel: files([false, true], { saveStrategy: "steps" }),
  loggingStrategy: log(["steps", "no"]),
  loggingSteps: log([1, 2]),
  loggingFirstStep: log([false, true], { loggingSteps: 2 }),
  reportTo: files(["none", "tensorboard"]),
  plotLoss: files([false, true]),
  runName: ofAny(["one", "two"], "sft", (command) => async (s) => (await see(command, s)).card),
  quiet: says("sft", [false, true], { trustRemoteCode: true }),
  json: says("sft", [false, true]),
  ddpTimeout: noted(9),
  // Export
  exportDir: ofAny([place("exported"), place("merged")], "export", (command) => async (settings) => {
    await Deno.remove(place("merged"), { recursive: true }).catch(() => {});
    await again(command, settings);
    return existsSync(place("merged"));
  }),
  exportSize: act("files", [5, 1e-5], {}, "export"),
  exportDevice: says("export", ["cpu", "auto"], { device: "cuda:99" }),
  // Generation
  prompt: answer(["list", "the image"]),
  system: answer([undefined, "list"]),
  doSample: answer([true, false]),
  temperature: answer([0.95, 3]),
  topP: answer([1, 0.1], { temperature: 3 }),
  topK: answer([0, 2], { temperature: 3, topP: 1 }),
  maxNewTokens: answer([12, 3]),
  repetitionPenalty: answer([1, 9], { doSample: false }),
  skipSpecialTokens: answer([true, false], { temperature: 3, topP: 1, maxNewTokens: 64 }),
  // Plan
  probe: says("plan", [false, true]),
};

/** When each file of encoded data was written. */
function cached(): string {
  const folder = place("cache/datasets");
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) =>
    `${name} ${statSync(`${folder}/${name}`).mtimeMs}`
  ).sort().join("\n");
}

/** How often encoding reported that it had done some rows. */
async function batchesEncoded(settings: Settings): Promise<number> {
  let count = 0;
  const recipe = makeRecipe({ modelNameOrPath: NANO, dataset: [TRAIN], ...settings, overwriteCache: true }, "preview");
  const target = { task: TASKS.conversation, template: TEMPLATES.chatml, tokenizer: await Tokenizer.load(NANO) };
  await prepare(recipe, target, { onProgress: () => count++ });
  return count;
}

/** What happens to a run that needs more memory than there is. */
async function startsWithoutRoom(settings: Settings): Promise<string> {
  const recipe = makeRecipe({ modelNameOrPath: NANO, ...settings }, "plan");
  const expected = await forecast(recipe, { device: "cpu" });
  return await refuseImpossible(expected, { device: "cpu", bytes: 1 }, recipe).then(() => "starts", String);
}
