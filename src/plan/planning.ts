import { RecipeError } from "../errors.ts";
import { located } from "../hub/mod.ts";
import type { Recipe } from "../recipe/mod.ts";
import { checkRun } from "../run/mod.ts";
import { refuseOtherFormats } from "../safetensors/mod.ts";
import { Waiting } from "../report/mod.ts";
import { cudaDevices, type Device, pickDevice, threads } from "../tensor/mod.ts";
import { inspectModel } from "../adapters/mod.ts";
import { checkFirst, prepareData } from "../prepare/mod.ts";
import { adviceFor } from "./advice.ts";
import { forecast, refuseImpossible, roomOn } from "./forecast.ts";
import { planJson } from "./json.ts";
import { outOfMemory } from "./out_of_memory.ts";
import { probe } from "./probe.ts";
import { table } from "./table.ts";
import { advised, outlook } from "./text.ts";

/**
 * What `ftx plan` prints: memory by kind, work, whether it fits and what to change if it does not, as a table or with `json`
 * as one object. No weights are read, and of a model from a hub none are downloaded; nothing is written but the cache of
 * encoded data. With `probe` the model is loaded and makes three steps. `fits` is false where a run would be refused.
 *
 * @throws {FtxError} What a run of these settings would end with before its first step.
 */
export async function planRun(given: Recipe): Promise<{ text: string; fits: boolean }> {
  using waiting = new Waiting({ quiet: given.quiet || given.json });
  if (given.threads) threads(given.threads);
  const hasData = given.dataset.length + given.evalDataset.length > 0 || given.tokenizedPath !== undefined;
  if (given.probe && !hasData) {
    throw new RecipeError("Cannot probe a run without data: its steps need some; set dataset, or leave probe out");
  }
  const device = given.probe ? pickDevice(given.device) : deviceToPlan(given.device);
  await checkRun(given);
  checkFirst(given);
  const recipe = await located(given, {
    listener: waiting,
    weights: given.probe || given.adapterNameOrPath.length > 0,
  });
  const lacking = await lacksWeights(recipe);
  if (lacking && recipe.modelName === recipe.modelNameOrPath) {
    waiting.say(
      `note: "${recipe.modelNameOrPath}" has no weights, so a run of it would be refused; the plan is for its config.json`,
    );
  }
  const planned = { ...recipe, trainFromScratch: lacking || recipe.trainFromScratch };
  const inspected = await inspectModel(planned, device);
  const found = hasData
    ? await prepareData(await unwritten(recipe), { vocabSize: inspected.config.vocabSize, waiting, shows: false })
    : undefined;
  const prepared = found && { data: found.data, vocabulary: found.tokenizer.vocabulary };
  const expected = await forecast(planned, { device, prepared }), room = roomOn(device);
  const advice = outlook(expected, room) === "fits" ? [] : await adviceFor(expected, room.bytes);
  if (given.probe) await refuseImpossible(expected, room, given);
  const probed = given.probe && prepared
    ? await probe(recipe, { set: prepared.data.train, vocabulary: prepared.vocabulary, waiting }).catch(
      async (error) => {
        const advice = async () => advised(await adviceFor(expected, room.bytes));
        throw await outOfMemory(error, { doing: "make three steps of this run", device, advice });
      },
    )
    : undefined;
  const text = (given.json ? planJson : table)(expected, room, advice, probed);
  return { text, fits: outlook(expected, room) !== "cannot fit" };
}

/** A GPU may be planned for where there is none. */
function deviceToPlan(name: string): Device {
  const m = name.match(/^cuda(?::(\d+))?$/);
  return m && Number(m[1] ?? 0) >= cudaDevices() ? `cuda:${Number(m[1] ?? 0)}` : pickDevice(name);
}

/**
 * Whether only a model's configuration is there: its weights are then taken to be as it says.
 *
 * @throws {CheckpointError} Its weights are in files that ftx does not read.
 */
async function lacksWeights({ modelNameOrPath: folder, trainFromScratch, probe }: Recipe): Promise<boolean> {
  if (trainFromScratch || probe || await Deno.stat(`${folder}/config.json`).then(() => false, () => true)) return false;
  await refuseOtherFormats(folder);
  for await (const { name } of Deno.readDir(folder)) if (/^model.*\.safetensors$/.test(name)) return false;
  return true;
}

/** The recipe without a folder of encoded data that the run would write. */
async function unwritten(recipe: Recipe): Promise<Recipe> {
  const { tokenizedPath } = recipe;
  if (tokenizedPath === undefined || await Deno.stat(tokenizedPath).then(() => true, () => false)) return recipe;
  return { ...recipe, tokenizedPath: undefined };
}
