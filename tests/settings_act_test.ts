// A setting that is accepted acts, or says why nothing is done for it: for each, two values and what differs between them,
// with the command that shows it best, and then with every other command that takes it.

import assert from "node:assert/strict";
import { loadChat } from "../src/generate/chat.ts";
import { makeRecipe, type SettingName } from "../src/recipe/mod.ts";
import { type Purpose, PURPOSES } from "../src/recipe/purposes.ts";
import { settingNamed, SETTINGS } from "../src/recipe/recipe.ts";
import { settle } from "../src/recipe/settle.ts";
import { factsOf } from "../src/settings/setting.ts";
import { snakeCase } from "../src/settings/spelling.ts";
import { check } from "../src/settings/value.ts";
import { NANO } from "./reliability/nano.ts";
import { type Case, CASES } from "./settings_act/cases.ts";
import type { Settings } from "./settings_act/observe.ts";
import { again, EVAL, MANY, see } from "./settings_act/scene.ts";

for (const name of Object.keys(CASES) as SettingName[]) {
  const one = CASES[name], { note } = factsOf(SETTINGS[name]);
  if ("noted" in one) {
    Deno.test(`${snakeCase(name)} says why it does nothing`, () => {
      const { notes } = settle([entry("model", "m"), entry("dataset", "d"), entry(name, one.noted)], "train");
      assert.deepEqual(notes, [`${snakeCase(name)}: ${note}`]);
    });
    continue;
  }
  const { values, see } = one;
  Deno.test(`${snakeCase(name)} = ${JSON.stringify(values[0])} and ${JSON.stringify(values[1])} differ`, async () => {
    const [first, second] = [await see({ [name]: values[0] }), await see({ [name]: values[1] })];
    assert.notDeepEqual(first, second);
    assert.ok(first !== undefined || second !== undefined, "nothing was seen");
  });
}

Deno.test("runs with the same settings look the same", async () => {
  for (const command of ["sft", "pt", "data", "plan", "chat", "export"]) {
    const [first, second] = [await again(command, {}), await again(command, {})];
    for (const what of ["says", "weights", "shapes", "log", "files", "best", "threads", "peak"] as const) {
      assert.deepEqual(first[what], second[what], `${command}: ${what}`);
    }
  }
});

const entry = (name: string, value: unknown) => ({ name, value, where: "" });

/** A command that takes settings: those of a purpose, or of some of its sections. */
interface Command {
  purpose: Purpose;
  sections?: readonly string[];
  /**
   * Settings of the run that is planned or previewed: what the command shows does not depend on them, and it refuses what the
   * run refuses. None for commands that do what their settings say.
   */
  ofRun?: readonly SettingName[];
  /** Settings that do nothing yet. */
  idle?: readonly SettingName[];
  /** Other settings, values and ways of seeing than those of the case. */
  others?: Partial<Record<SettingName, Settings>>;
  values?: Partial<Record<SettingName, Case["values"]>>;
  looks?: Partial<Record<SettingName, Case["see"]>>;
}

const names = (text: string) => text.split(/\s+/) as SettingName[];
const EVALUATION = { doEval: true, evalDataset: MANY, perDeviceEvalBatchSize: 400 }; // takes most memory

/** The number types and the configuration of a model that is loaded to chat. */
async function loaded(settings: Settings): Promise<string> {
  using chat = await loadChat(makeRecipe({ modelNameOrPath: NANO, template: "chatml", ...settings }));
  const { model: { config, placement }, model } = chat;
  return JSON.stringify([Array.from(model.parameters(), ([, p]) => p.dtype), placement, config]);
}

/** Tokens of a prompt that follows an answer with a thought. */
async function promptTokens(settings: Settings): Promise<number> {
  using chat = await loadChat(makeRecipe({ modelNameOrPath: NANO, ...settings, maxNewTokens: 1 }));
  const thought = { role: "assistant", content: "<think>\nlist\n</think>\n\nthe image" } as const;
  const question = { role: "user", content: "list the image" } as const;
  return (await chat.reply([question, thought, question])).promptTokens;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  sft: { purpose: "train" },
  pt: {
    purpose: "train",
    sections: ["Template", "Data"], // all else is the same code as that of sft
    others: { disableShuffling: { packing: false } },
  },
  plan: {
    purpose: "plan",
    ofRun: names(
      `adamBeta1 adamBeta2 adamEpsilon adapterFolder adapterNameOrPath computeAccuracy createNewAdapter doTrain earlyStoppingSteps
    evalSteps greaterIsBetter initLoraWeights labelSmoothingFactor learningRate loadBestModelAtEnd loggingFirstStep
    loggingSteps loggingStrategy loraAlpha loraDropout lrSchedulerKwargs lrSchedulerType maxGradNorm maxSkippedSteps
    metricForBestModel neftuneNoiseAlpha plotLoss reportTo resumeFromCheckpoint ropeScaling runName saveSteps
    saveTotalLimit trainFromScratch useRslora warmupRatio warmupSteps weightDecay`,
    ),
    others: {
      quiet: { json: false, trustRemoteCode: true },
      evalDataset: EVALUATION,
      doEval: EVALUATION,
      evalStrategy: { ...EVALUATION, doEval: false },
      evalOnEachDataset: { ...EVALUATION, evalDataset: `${MANY},${EVAL}`, perDeviceEvalBatchSize: 500 },
      groupByLength: { perDeviceTrainBatchSize: 3 },
    },
  },
  data: {
    purpose: "preview",
    ofRun: names(
      `adamBeta1 adamBeta2 adamEpsilon adapterFolder adapterNameOrPath additionalTarget bf16 computeAccuracy createNewAdapter
    dataSeed device disableShuffling doTrain dtype earlyStoppingSteps evalSteps finetuningType fp16 freezeExtraModules
    freezeTrainableLayers freezeTrainableModules gradientAccumulationSteps gradientCheckpointing greaterIsBetter
    groupByLength initLoraWeights labelSmoothingFactor learningRate loadBestModelAtEnd loggingFirstStep loggingSteps
    loggingStrategy loraAlpha loraDropout loraLayers loraRank loraTarget lrSchedulerKwargs lrSchedulerType maxGradNorm
    maxSkippedSteps maxSteps metricForBestModel neftuneNoiseAlpha numTrainEpochs optim optimArgs outputDir
    overwriteOutputDir perDeviceEvalBatchSize perDeviceTrainBatchSize plotLoss pureBf16 reportTo resizeVocab
    resumeFromCheckpoint ropeScaling runName saveOnlyModel saveSteps saveStrategy saveTotalLimit seed tf32 threads
    trainFromScratch upcastLayernorm useRslora warmupRatio warmupSteps weightDecay`,
    ),
    values: { modelNameOrPath: [NANO, "nowhere"] },
  },
  chat: {
    purpose: "chat",
    others: {
      upcastLayernorm: { bf16: true },
      splitSpecialTokens: { prompt: "list <|im_end|> the image" },
      addTokens: { prompt: "How do I list the image?" },
      addSpecialTokens: { prompt: "How do I list the image?" },
      resizeVocab: { template: "gemma" },
      preserveThinking: { template: "qwen3" },
    },
    looks: {
      ...{ dtype: loaded, bf16: loaded, fp16: loaded, pureBf16: loaded, upcastLayernorm: loaded, ropeScaling: loaded },
      preserveThinking: promptTokens,
    },
  },
  export: {
    purpose: "export",
    others: {
      resizeVocab: { template: "gemma" },
      enableThinking: { template: "qwen3" },
      preserveThinking: { template: "qwen3" },
      toolFormat: { template: "chatml" },
    },
    values: { device: ["auto", "cuda:99"] },
  },
};

const OUTCOME = ["says", "weights", "shapes", "log", "files", "best", "threads", "peak"] as const;

for (
  const [command, { purpose, sections, ofRun = [], idle: known = [], others = {}, ...own }] of Object.entries(COMMANDS)
) {
  const takes = new Set(PURPOSES[purpose].sections.flatMap(({ shape }) => Object.keys(shape)));
  const used = PURPOSES[purpose].sections.filter(({ title }) => sections === undefined || sections.includes(title))
    .flatMap(({ shape }) => Object.keys(shape) as SettingName[])
    .filter((name) => !("noted" in CASES[name]) && !CASES[name].shared);

  Deno.test(`every setting of ftx ${command} acts, is refused, or is the run's`, async () => {
    const idle: string[] = [];
    for (const name of used) {
      const { of, ...one } = CASES[name] as Case, values = own.values?.[name] ?? one.values;
      const outcome = async (settings: Settings) => {
        const seen = await see(command, settings);
        return OUTCOME.map((what) => seen[what]);
      };
      const look = own.looks?.[name] ?? of?.(command) ?? outcome;
      const taken = Object.entries(one.others ?? {}).filter(([other]) => takes.has(settingNamed(other)!));
      const beside = others[name] ?? Object.fromEntries(taken);
      const [first, second] = [
        await look({ ...beside, [name]: values[0] }),
        await look({ ...beside, [name]: values[1] }),
      ];
      if (JSON.stringify(first) === JSON.stringify(second)) idle.push(name);
    }
    assert.deepEqual(idle.sort(), [...ofRun, ...known].sort());
  });

  if (ofRun.length === 0) continue;
  Deno.test(`ftx ${command} refuses of the run's settings what the run refuses`, () => {
    for (const name of ofRun) {
      const wrong = [{}, 3.5, "no such value"].find((value) => check(SETTINGS[name], value).problem !== undefined);
      const said = (purpose: Purpose) => {
        try {
          settle([entry("model", "m"), entry("dataset", "d"), entry(name, wrong)], purpose);
        } catch (error) {
          return (error as Error).message;
        }
      };
      assert.equal(said(purpose), said("train"), name);
      assert.ok(said(purpose), name);
    }
  });
}
