import { type Point, range, ticks } from "./curve.ts";

/** A line, or marked points joined by one. */
export interface Series {
  name: string;
  points: readonly Point[];
  colour: string;
  width?: number;
  marks?: boolean;
}

/** What a chart shows. Series are drawn in their order, the last on top. */
export interface Chart {
  title: string;
  xLabel: string;
  series: readonly Series[];
}

/** Colours that stay distinct on white, in print and for colour-blind readers. */
export const COLOURS = { raw: "#a9cbe6", smoothed: "#1f6aa5", evaluation: "#d9601a" };

const WIDTH = 800;
const HEIGHT = 480;
const FRAME = { left: 72, right: 28, top: 64, bottom: 56 }; // pixels around the curves
const INK = "#24292f";
const GREY = "#6e7781";
const GRID = "#e8ebee";
const AXIS = "#b6bcc3";
const FONT = "Lato, 'Helvetica Neue', Arial, sans-serif";

/** Draws a chart as an SVG document of 800 x 480 pixels. */
export function drawChart(chart: Chart): string {
  const all = chart.series.flatMap(({ points }) => points).filter(({ y }) => Number.isFinite(y));
  const [left, right] = range(all.map(({ x }) => x));
  const [low, high] = padded(range(all.map(({ y }) => y)));
  const x = scale(left, right, FRAME.left, WIDTH - FRAME.right);
  const y = scale(low, high, HEIGHT - FRAME.bottom, FRAME.top);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" ` +
    `font-family="${FONT}" font-size="13" fill="${GREY}">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text(FRAME.left, 32, chart.title, `font-size="18" font-weight="bold" fill="${INK}"`),
    ...legend(chart.series),
    ...labelled(ticks(low, high, 6)).flatMap(([value, label]) => [
      line(FRAME.left, y(value), WIDTH - FRAME.right, y(value), GRID),
      text(FRAME.left - 10, y(value) + 4.5, label, 'text-anchor="end"'),
    ]),
    ...labelled(ticks(left, right, 8)).flatMap(([value, label]) => [
      line(x(value), HEIGHT - FRAME.bottom, x(value), HEIGHT - FRAME.bottom + 5, AXIS),
      text(x(value), HEIGHT - FRAME.bottom + 23, label, MIDDLE),
    ]),
    line(FRAME.left, HEIGHT - FRAME.bottom, WIDTH - FRAME.right, HEIGHT - FRAME.bottom, AXIS),
    text((FRAME.left + WIDTH - FRAME.right) / 2, HEIGHT - 12, chart.xLabel, MIDDLE),
    ...chart.series.flatMap((series) => curve(series, x, y)),
    "</svg>\n",
  ].join("\n");
}

const MIDDLE = 'text-anchor="middle"';

function scale(from: number, to: number, start: number, end: number): (value: number) => number {
  return (value) => start + (value - from) / (to - from) * (end - start);
}

// A margin above and below, but no axis below zero for values that are never negative.
function padded([low, high]: [number, number]): [number, number] {
  const air = (high - low) * 0.05;
  return [low >= 0 ? Math.max(0, low - air) : low - air, high + air];
}

function curve({ points, colour, width = 2, marks }: Series, x: Scale, y: Scale): string[] {
  const drawn: string[] = [];
  let path = "";
  let pen = "M";
  for (const point of points) {
    if (!Number.isFinite(point.y)) {
      pen = "M"; // a gap where the value was not a number
      continue;
    }
    path += `${pen}${coordinate(x(point.x))} ${coordinate(y(point.y))}`;
    pen = "L";
    if (marks || points.length === 1) drawn.push(mark(x(point.x), y(point.y), colour));
  }
  const stroke =
    `fill="none" stroke="${colour}" stroke-width="${width}" stroke-linejoin="round" stroke-linecap="round"`;
  return path ? [`<path d="${path}" ${stroke}/>`, ...drawn] : [];
}

type Scale = (value: number) => number;

// From right to left: a stroke in the colour, then the name.
function legend(series: readonly Series[]): string[] {
  let right = WIDTH - FRAME.right;
  return series.filter(({ points }) => points.length).toReversed().flatMap(({ name, colour, marks }) => {
    const start = right - widthOf(name) - 27;
    const shapes = [
      line(start, 27.5, start + 20, 27.5, colour, 3),
      ...(marks ? [mark(start + 10, 27.5, colour)] : []),
      text(start + 27, 32, name, `fill="${INK}"`),
    ];
    right = start - 18;
    return shapes;
  });
}

function mark(x: number, y: number, colour: string): string {
  return `<circle cx="${coordinate(x)}" cy="${
    coordinate(y)
  }" r="4" fill="${colour}" stroke="#ffffff" stroke-width="1.5"/>`;
}

function line(x1: number, y1: number, x2: number, y2: number, colour: string, width = 1): string {
  const [a, b, c, d] = [x1, y1, x2, y2].map(coordinate);
  return `<path d="M${a} ${b}L${c} ${d}" stroke="${colour}" stroke-width="${width}" stroke-linecap="round"/>`;
}

function text(x: number, y: number, content: string, attributes: string): string {
  const safe = content.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  return `<text x="${coordinate(x)}" y="${coordinate(y)}" ${attributes}>${safe}</text>`;
}

const coordinate = (value: number) => String(Math.round(value * 100) / 100);

// All labels of an axis have the same decimals: 0.5, 1.0, 1.5.
function labelled(values: number[]): [number, string][] {
  const largest = Math.max(...values.map(Math.abs));
  if (largest < 1e-3 || largest >= 1e7) return values.map((value) => [value, value.toExponential()]);
  const digits = Math.max(...values.map((value) => String(value).split(".")[1]?.length ?? 0));
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return values.map((value) => [value, value.toLocaleString("en-US", options)]);
}

// Approximate widths of Lato at 13 pixels, close enough to place words next to one another.
function widthOf(words: string): number {
  return [...words].reduce(
    (sum, letter) => sum + (/[ijlft.,/ ']/.test(letter) ? 4 : /[mwMW]/.test(letter) ? 10.5 : 7),
    0,
  );
}
