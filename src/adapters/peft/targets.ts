import type { CheckpointError } from "../../errors.ts";
import type { LoraConfig } from "./config.ts";
import { cannotUse, endRegex, layerFilter, matcher, patternLookup } from "./patterns.ts";

/** A module that an adapter may target. */
export interface AdaptedModule {
  /** Path in HF's model: `model.layers.0.self_attn.q_proj`. */
  path: string;
  /** "other" modules cannot have a branch: norms, blocks, the model itself. */
  kind: "linear" | "embedding" | "other";
  inFeatures?: number;
  outFeatures?: number;
}

/** The branch of one module. */
export interface Branch {
  kind: "linear" | "embedding";
  rank: number;
  alpha: number;
  dropout: number;
  rslora: boolean;
}

/** The parts of a model that an adapter changes. */
export interface Matched {
  /** By path, in the model's order. */
  branches: Map<string, Branch>;
  /** Paths of the modules that are trained in full. */
  saved: string[];
  /** `target_modules` to save: a list, unless it was an expression. */
  targetModules: string[] | string;
  /** One sentence for each setting that matched nothing. */
  notes: string[];
}

type Target = Pick<
  LoraConfig,
  | "r"
  | "loraAlpha"
  | "loraDropout"
  | "targetModules"
  | "excludeModules"
  | "layersToTransform"
  | "layersPattern"
  | "rankPattern"
  | "alphaPattern"
  | "modulesToSave"
  | "useRslora"
>;

/** PEFT's targets when `target_modules` is null. */
const DEFAULT_TARGETS: Record<string, string[]> = {
  llama: ["q_proj", "v_proj"],
  mistral: ["q_proj", "v_proj"],
  qwen2: ["q_proj", "v_proj"],
  qwen3: ["q_proj", "v_proj"],
};

/**
 * Chooses the modules that get a branch, and the rank and alpha of each, exactly as PEFT 0.21 does.
 *
 * @example
 * ```ts
 * const modules = [{ path: "model.layers.0.mlp.up_proj", kind: "linear" as const }];
 * matchTargets(modules, { ...LORA_DEFAULTS, targetModules: ["up_proj"] }).branches.keys(); // the path above
 * ```
 * @param head Path of the output head, which "all-linear" leaves out.
 * @param family `model_type`, for the default targets if the configuration names none.
 * @throws {CheckpointError} Nothing matches, a matching module cannot have a branch, or an expression is malformed.
 */
export function matchTargets(
  modules: Iterable<AdaptedModule>,
  config: Target,
  { head = "lm_head", family }: { head?: string; family?: string } = {},
): Matched {
  const all = [...modules].filter(({ path }) => path !== "");
  const targetModules = expand(all, config.targetModules, head, family);
  const included = matcher("target_modules", targetModules);
  const excluded = matcher("exclude_modules", config.excludeModules ?? []);
  const inLayers = layerFilter(config);
  const rankOf = patternLookup("rank_pattern", config.rankPattern);
  const alphaOf = patternLookup("alpha_pattern", config.alphaPattern);

  const branches = new Map<string, Branch>();
  let left = 0;
  for (const module of all) {
    const { path, kind } = module;
    if (excluded(path) || isSaved(path, config.modulesToSave)) {
      left++;
      continue;
    }
    // A full path in the list matches whatever its layer.
    const named = Array.isArray(targetModules) && targetModules.includes(path);
    if (!named && !(included(path) && inLayers(path))) continue;
    if (kind === "other") throw cannotUse("target_modules", `"${path}" is neither a linear layer nor an embedding`);
    const rank = rankOf(path) ?? config.r;
    checkRank(rank, module);
    const alpha = alphaOf(path) ?? config.loraAlpha;
    branches.set(path, { kind, rank, alpha, dropout: config.loraDropout, rslora: config.useRslora });
  }
  if (!branches.size) throw nothingMatches(all, config, targetModules, left);

  const paths = [...branches.keys()];
  const idle = Array.isArray(config.targetModules)
    ? config.targetModules.filter((name) => !paths.some((path) => path === name || path.endsWith(`.${name}`)))
    : [];
  return {
    branches,
    saved: all.map(({ path }) => path).filter((path) => config.modulesToSave.some((name) => path.endsWith(name))),
    targetModules,
    notes: [
      ...unmatched("target_modules", idle),
      ...unmatched("exclude_modules", config.excludeModules?.length && !left ? [config.excludeModules].flat() : []),
      ...unmatched("rank_pattern", idlePatterns(config.rankPattern, paths)),
      ...unmatched("alpha_pattern", idlePatterns(config.alphaPattern, paths)),
    ],
  };
}

/** Last parts of the paths of all linear layers except the head, sorted: LLaMA-Factory's `lora_target: all`. */
export function linearNames(modules: Iterable<AdaptedModule>, { head = "lm_head" } = {}): string[] {
  const linear = [...modules].filter(({ path, kind }) => kind === "linear" && path !== head);
  return [...new Set(linear.map(({ path }) => path.slice(path.lastIndexOf(".") + 1)))].sort();
}

/** Replaces "all-linear" and null by the names they stand for, and shortens long lists as PEFT does. */
function expand(
  all: AdaptedModule[],
  targets: string[] | string | null,
  head: string,
  family?: string,
): string[] | string {
  if (targets === null) {
    const known = DEFAULT_TARGETS[family ?? ""];
    if (!known) throw cannotUse("target_modules", "it is null, and this family has no default");
    return known;
  }
  if (typeof targets === "string" && targets.toLowerCase() !== "all-linear") return targets;
  const list = typeof targets === "string"
    ? all.filter(({ path, kind }) => kind === "linear" && path !== head).map(({ path }) => path)
    : targets;
  if (list.length < 20) return list; // PEFT's threshold
  const shorter = shortestNames(list, all.map(({ path }) => path));
  return shorter.length < list.length ? shorter : list;
}

/** A module that is trained in full, and any inside it, gets no branch. */
const isSaved = (path: string, names: string[]) => names.some((name) => `.${path}.`.includes(`.${name}.`));

function checkRank(rank: number, { path, inFeatures = Infinity, outFeatures = Infinity }: AdaptedModule) {
  const most = 4 * Math.min(inFeatures, outFeatures);
  if (rank > most) {
    const what = `rank ${rank} is more than four times the smaller side of "${path}" [${outFeatures}, ${inFeatures}]`;
    throw cannotUse("r", what, "choose a lower rank");
  }
}

const idlePatterns = (pattern: Record<string, number>, paths: string[]) =>
  Object.keys(pattern).filter((name) => !paths.some((path) => endRegex("rank_pattern", name).test(path)));

const unmatched = (key: string, names: string[]) => names.length ? [`${key}: nothing matches ${names.join(", ")}`] : [];

function nothingMatches(
  all: AdaptedModule[],
  config: Target,
  targets: string[] | string,
  left: number,
): CheckpointError {
  const shown = JSON.stringify(targets);
  const layers = config.layersToTransform ? ` in layers ${config.layersToTransform.join(", ")}` : "";
  const without = left ? " once exclude_modules and modules_to_save are left out" : "";
  return cannotUse(
    "target_modules",
    `no module of the model matches ${shown.length > 80 ? shown.slice(0, 79) + "…" : shown}${layers}${without}`,
    `choose from ${linearNames(all).join(", ")}`,
  );
}

/** The shortest name endings that distinguish the targets from all other modules. */
export function shortestNames(targets: string[], paths: string[]): string[] {
  const ends = (path: string) => path.split(".").map((_, i, parts) => parts.slice(parts.length - 1 - i).join("."));
  const dotted = targets.map((name) => `.${name}`);
  const chosen = new Set(targets);
  const others = paths.filter((path) => !chosen.has(path) && !dotted.some((end) => path.endsWith(end)));
  const taken = new Set(others.flatMap(ends));
  const needed = new Set<string>();
  // PEFT's order, so that the choice is the same: by the list of endings, shortest first.
  const sorted = [...chosen].sort((a, b) => compareLists(ends(a), ends(b)));
  for (const target of sorted) {
    if ([...needed].some((end) => target.endsWith(`.${end}`))) continue;
    const end = ends(target).find((end) => !needed.has(end) && !taken.has(end));
    if (end !== undefined) needed.add(end);
  }
  return needed.size ? [...needed] : targets;
}

function compareLists(a: string[], b: string[]): number {
  const at = a.findIndex((part, i) => part !== b[i]);
  if (at < 0) return a.length - b.length;
  return b[at] === undefined || a[at] > b[at] ? 1 : -1;
}
