import { replaceFile } from "../run/durable.ts";
import { type Chart, COLOURS, drawChart, type Series } from "./chart.ts";
import { type Point, smooth } from "./curve.ts";
import { isClock, type LogEntry, type Reader, type ReportState, type Summary } from "./lines.ts";
import { png } from "./png.ts";

/**
 * `training_loss` and a plot for each metric of the stage and of its evaluations, as SVG and PNG, named as LLaMA-Factory names them:
 * `training_eval_loss.png`, `training_rewards_accuracies.png`. Drawn when the run ends or stops.
 */
export class Plots implements Reader {
  constructor(private readonly folder: string) {}

  async end(_: Summary, { history }: ReportState): Promise<void> {
    for (const { name, chart } of plots(history)) {
      const svg = drawChart(chart);
      await replaceFile(`${this.folder}/${name}.svg`, svg);
      await replaceFile(`${this.folder}/${name}.png`, await png(svg));
    }
  }
}

/** The plots that a log has data for; none without logged steps. */
export function plots(history: readonly LogEntry[]): { name: string; chart: Chart }[] {
  const names = new Set(history.flatMap((entry) => Object.keys(entry)).filter(isPlotted));
  return [...names].flatMap((metric) => {
    const points = pointsOf(history, metric);
    if (!points.length) return [];
    const series = metric.startsWith("eval_") ? evaluated(metric, points) : trained(points);
    if (metric === "loss") series.push(...evaluated("eval_loss", pointsOf(history, "eval_loss")));
    const name = `training_${metric.replaceAll("/", "_")}`;
    return { name, chart: { title: title(metric), xLabel: "step", series } };
  });
}

/** What a log entry holds besides the loss and the stage's metrics. */
const OTHERS = ["step", "epoch", "learning_rate", "grad_norm", "total_flos"];

const isPlotted = (metric: string) => !OTHERS.includes(metric) && !metric.startsWith("train_") && !isClock(metric);

function pointsOf(history: readonly LogEntry[], metric: string): Point[] {
  return history.filter((entry) => metric in entry).map((entry) => ({ x: entry.step, y: entry[metric] }));
}

function trained(points: Point[]): Series[] {
  const smoothed = smooth(points.map(({ y }) => y)).map((y, i) => ({ x: points[i].x, y }));
  return [
    { name: "each log", points, colour: COLOURS.raw, width: 1.5 },
    { name: "smoothed", points: smoothed, colour: COLOURS.smoothed, width: 2.5 },
  ];
}

function evaluated(metric: string, points: Point[]): Series[] {
  return points.length ? [{ name: metric, points, colour: COLOURS.evaluation, marks: true }] : [];
}

/** `eval_code_loss` -> `Evaluation code loss`, `rewards/accuracies` -> `Rewards accuracies`. */
function title(metric: string): string {
  if (metric === "loss") return "Training loss";
  const words = metric.replace(/^eval_/, "evaluation ").replace(/[/_]/g, " ");
  return words[0].toUpperCase() + words.slice(1);
}
