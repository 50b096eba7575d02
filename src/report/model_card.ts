import { basename, isAbsolute } from "node:path";
import { stringify } from "yaml";
import { replaceFile } from "../run/durable.ts";
import { short } from "./format.ts";
import type { LogEntry, Reader, ReportState, Summary } from "./lines.ts";

/** The settings that a model card shows; a recipe has them all. */
export interface CardSettings {
  runName?: string;
  modelNameOrPath?: string;
  dataset?: string[];
  stage?: string;
  finetuningType?: string;
  learningRate?: number;
  perDeviceTrainBatchSize?: number;
  perDeviceEvalBatchSize?: number;
  gradientAccumulationSteps?: number;
  seed?: number;
  lrSchedulerType?: string;
  warmupSteps?: number;
  numTrainEpochs?: number;
  maxSteps?: number;
  loraRank?: number;
  loraAlpha?: number | null;
  loraDropout?: number;
  cutoffLen?: number;
  template?: string;
}

/** `README.md` of the final model: Hugging Face's front matter, the hyperparameters, a table of results. */
export class ModelCard implements Reader {
  constructor(
    private readonly folder: string,
    private readonly settings: CardSettings,
    private readonly version: string,
  ) {}

  async end(summary: Summary, { history }: ReportState): Promise<void> {
    if (!summary.finished || summary.step === 0) return;
    await replaceFile(
      `${this.folder}/README.md`,
      modelCard(this.settings.runName ?? basename(this.folder), this.settings, this.version, history),
    );
  }
}

/** The text of a model card. Local paths are cut to their last part, because cards are published. */
export function modelCard(
  name: string,
  settings: CardSettings,
  version: string,
  history: readonly LogEntry[],
): string {
  const { modelNameOrPath, dataset = [], stage = "sft", finetuningType = "full" } = settings;
  const base = modelNameOrPath === undefined ? undefined : published(modelNameOrPath);
  const data = dataset.map(published);
  const adapter = finetuningType === "lora";
  const frontMatter = {
    library_name: adapter ? "peft" : "transformers",
    license: "other",
    ...(base ? { base_model: base } : {}),
    tags: ["ftx", finetuningType, stage, ...(base && adapter ? [`base_model:adapter:${base}`] : [])],
    ...(adapter ? { pipeline_tag: "text-generation" } : {}),
  };
  const what = adapter ? "A LoRA adapter for" : "A fine-tuned version of";
  return [
    `---\n${stringify(frontMatter)}---\n`,
    `# ${name}\n`,
    `${base ? `${what} ${base}` : "A model trained from scratch"}${
      data.length ? `, trained on ${data.join(", ")}` : ""
    }.\n`,
    "## Training\n",
    "Hyperparameters:\n",
    ...hyperparameters(settings).map(([name, value]) => `- ${name}: ${value}`),
    "",
    ...results(history),
    `Trained with ftx ${version}.`,
    "",
  ].join("\n");
}

const published = (path: string) => isAbsolute(path) || path.startsWith(".") ? basename(path) : path;

function hyperparameters(settings: CardSettings): [string, unknown][] {
  const adapter = settings.finetuningType === "lora";
  const rows: [string, unknown][] = [
    ["learning_rate", settings.learningRate],
    ["train_batch_size", settings.perDeviceTrainBatchSize],
    ["eval_batch_size", settings.perDeviceEvalBatchSize],
    ["gradient_accumulation_steps", settings.gradientAccumulationSteps],
    ["seed", settings.seed],
    ["lr_scheduler_type", settings.lrSchedulerType],
    ["warmup_steps", settings.warmupSteps],
    ["num_epochs", (settings.maxSteps ?? -1) > 0 ? undefined : settings.numTrainEpochs],
    ["training_steps", (settings.maxSteps ?? -1) > 0 ? settings.maxSteps : undefined],
    ["cutoff_len", settings.cutoffLen],
    ["template", settings.template],
    ["lora_rank", adapter ? settings.loraRank : undefined],
    ["lora_alpha", adapter ? settings.loraAlpha ?? 2 * (settings.loraRank ?? 8) : undefined],
    ["lora_dropout", adapter ? settings.loraDropout : undefined],
  ];
  return rows.filter(([, value]) => value !== undefined && value !== null);
}

// One row per evaluation, with the training loss last logged before it; without evaluations, the last training loss.
function results(history: readonly LogEntry[]): string[] {
  const evals = history.filter((entry) => Object.keys(entry).some((key) => key.startsWith("eval_")));
  const shown = evals.length ? evals : history.filter((entry) => "loss" in entry).slice(-1);
  if (!shown.length) return [];
  const metrics = [...new Set(evals.flatMap((entry) => Object.keys(entry)))]
    .filter((key) => key.startsWith("eval_") && !/_(runtime|per_second)$/.test(key));
  const row = (cells: string[]) => `| ${cells.join(" | ")} |`;
  return [
    "## Results\n",
    row(["training loss", "epoch", "step", ...metrics.map((metric) => metric.replace(/^eval_/, "evaluation "))]),
    row(["---:", "---:", "---:", ...metrics.map(() => "---:")]),
    ...shown.map((entry) =>
      row([
        cell(history.findLast((other) => "loss" in other && other.step <= entry.step)?.loss),
        entry.epoch.toFixed(2),
        String(entry.step),
        ...metrics.map((metric) => cell(entry[metric])),
      ])
    ),
    "",
  ];
}

const cell = (value?: number) => value === undefined ? "" : short(value);
