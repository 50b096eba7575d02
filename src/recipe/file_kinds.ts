import { RecipeError } from "../errors.ts";
import type { Entry } from "../settings/entry.ts";
import { keyOf, snakeCase } from "../settings/spelling.ts";
import { type Purpose, PURPOSES } from "./purposes.ts";
import { settingNamed } from "./recipe.ts";

/** A file of another program. */
interface Foreign {
  readonly is: string;
  /** Keys, as written, that tell it: all of one of these lists. */
  readonly keys: readonly (readonly string[])[];
  readonly instead: string;
}

const REWRITE = "ftx does not read those; write its settings with LLaMA-Factory's names";
const ALONE = "ftx trains with one process and needs none; give a file with model_name_or_path and dataset";

/** Files that are not settings of ftx. */
const FOREIGN: readonly Foreign[] = [
  { is: "a configuration of Ludwig", keys: [["input_features"], ["output_features"]], instead: REWRITE },
  {
    is: "a configuration of axolotl",
    keys: [["base_model", "datasets"], ["base_model", "sequence_len"]],
    instead: REWRITE,
  },
  { is: "a configuration of torchtune", keys: [["_component_"]], instead: REWRITE },
  {
    is: "a configuration of DeepSpeed",
    keys: [["zero_optimization"], ["train_micro_batch_size_per_gpu"], ["train_batch_size", "fp16"]],
    instead: ALONE,
  },
  {
    is: "a configuration of accelerate",
    keys: [["compute_environment"], ["distributed_type"], ["machine_rank"]],
    instead: ALONE,
  },
  {
    is: "a form of LLaMA-Factory's web page",
    keys: [["top.model_name"], ["top.lang"], ["top.finetuning_type"]],
    instead: "give the training_args.yaml that the page writes into its output folder",
  },
  {
    is: "a model's config.json",
    keys: [["architectures"], ["model_type", "hidden_size"]],
    instead: "give its folder with --model",
  },
  { is: "an adapter's configuration", keys: [["peft_type"]], instead: "give its folder with --adapter" },
  { is: "the state of a run", keys: [["log_history"]], instead: "give the run.yaml of its folder" },
];

/** A command of ftx, and the files of LLaMA-Factory that are for it, or for one that ftx does not have. */
interface Command {
  readonly is: (has: Has, names: readonly string[]) => boolean;
  readonly sentence: (file: string, has: Has) => string;
}

/** The value of a key, in snake_case; undefined if the file leaves it out or gives null. */
type Has = (key: string) => unknown;

const isYes = (value: unknown) => value === true || /^(true|yes|on|1)$/i.test(String(value));

const EXPORT: Command = {
  is: (has) => has("export_dir") !== undefined,
  sentence: (file) => `it exports a model (export_dir); run ftx export ${file}`,
};

const PREDICT: Command = {
  is: (has) => isYes(has("do_predict")) || isYes(has("predict_with_generate")),
  sentence: (_, has) =>
    `it writes predictions (${
      isYes(has("do_predict")) ? "do_predict" : "predict_with_generate"
    }), for which ftx has no ` +
    "command yet; ftx chat --prompt answers one question, and do_eval = true in place of it measures the loss",
};

const BENCHMARK: Command = {
  is: (has) => has("task") !== undefined,
  sentence: () =>
    "it runs a benchmark (task), for which ftx has no command yet; do_eval = true and an eval_dataset in place of it " +
    "measure loss and perplexity",
};

const CHAT: Command = {
  is: (_, keys) => keys.includes("model_name_or_path") && keys.every(isForChat),
  sentence: (file) => `it names no data, and all that it sets is for chatting; run ftx chat ${file}, or add --dataset`,
};

/** What a file that is not for training is for. The first that fits counts. */
const COMMANDS: readonly Command[] = [EXPORT, PREDICT, BENCHMARK, CHAT];

const CHATS = new Set(PURPOSES.chat.sections.flatMap(({ shape }) => Object.keys(shape)));
const isForChat = (key: string) => {
  const name = settingNamed(key);
  return name === undefined
    ? /^(infer_backend|use_kv_cache|num_beams|length_penalty|vllm_.*|sglang_.*)$/.test(key)
    : CHATS.has(name) || name === "finetuningType"; // LLaMA-Factory's needs it to load an adapter
};

/**
 * Refuses a file that is for another command or another program, with what to do; says nothing of its settings. `flags`
 * may give what the file lacks.
 *
 * @throws {RecipeError}
 */
export function refuseOtherKinds(
  file: string,
  { entries, flags, purpose }: { entries: readonly Entry[]; flags: readonly Entry[]; purpose: Purpose },
): void {
  const { verb, trains } = PURPOSES[purpose];
  const refuse = (why: string) => new RecipeError(`Cannot ${verb} with "${file}": ${why}`);
  const written = new Set(entries.map(({ name }) => name));
  if (entries.some(({ value }) => typeof value === "object" && value !== null && "_component_" in value)) {
    written.add("_component_");
  }
  const foreign = FOREIGN.find(({ keys }) => keys.some((all) => all.every((key) => written.has(key))));
  if (foreign !== undefined) throw refuse(`it is ${foreign.is}; ${foreign.instead}`);
  if (!trains) return;

  const known = ({ name }: Entry) => snakeCase(settingNamed(name) ?? keyOf(name));
  const values = new Map([...entries, ...flags].map((entry) => [known(entry), entry.value]));
  const has: Has = (key) => values.get(key) ?? undefined;
  const doesTrain = isYes(has("do_train")),
    hasData = ["dataset", "tokenized_path"].some((key) => has(key) !== undefined);
  const command = COMMANDS.find(({ is }) => is(has, [...values.keys()]));
  // LLaMA-Factory trains only where do_train says so, so that data may be there for predictions.
  if (command === undefined || doesTrain || hasData && command !== PREDICT) return;
  if (command === CHAT && purpose === "plan") return; // needs no data
  throw refuse(command.sentence(file, has));
}
