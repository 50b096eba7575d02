import type { Memory, Reader, ReportState } from "./lines.ts";
import { JsonLines } from "./json_lines.ts";
import { type CardSettings, ModelCard } from "./model_card.ts";
import { type Output, standard } from "./output.ts";
import { Plots } from "./plots.ts";
import { type Logging, Reporter } from "./reporter.ts";
import { Results } from "./results.ts";
import { TensorBoard } from "./tensorboard.ts";
import { Terminal } from "./terminal.ts";
import { StateFile, type StateSettings } from "./trainer_state.ts";
import { TrainerLog } from "./trainer_log.ts";

/** The settings of a recipe that its reports depend on. */
export interface ReportSettings extends Logging, StateSettings, CardSettings {
  reportTo: string[];
  plotLoss: boolean;
  quiet: boolean;
  json: boolean;
}

interface OpenOptions {
  /** Version of ftx, for the model card. */
  version: string;
  /** From the checkpoint that the run resumes. */
  state?: ReportState;
  memory?: () => Memory | undefined;
  /** Where the running report goes. Default: the process's stdout and stderr. */
  out?: Output;
  errors?: Output;
}

/** Opens the reporter of the run in `folder`, with every reader that its settings ask for. */
export async function openReporter(folder: string, settings: ReportSettings, options: OpenOptions): Promise<Reporter> {
  const { out = standard("stdout"), errors = standard("stderr"), state, memory } = options;
  const linesOfStep = state?.history.filter(({ step }) => step === state.step).length ?? 0;
  const readers: Reader[] = [
    settings.json ? new JsonLines(out) : new Terminal(out, errors, { quiet: settings.quiet }),
    await TrainerLog.open(folder, state?.step ?? 0, linesOfStep),
    new StateFile(folder, settings),
    new Results(folder),
  ];
  if (settings.reportTo.includes("tensorboard")) readers.push(new TensorBoard(folder, Date.now, settings.runName));
  if (settings.plotLoss) readers.push(new Plots(folder));
  readers.push(new ModelCard(folder, settings, options.version));
  return new Reporter({ readers, logging: settings, memory, state });
}
