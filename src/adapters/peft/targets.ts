import { type CheckpointError, few, shortened } from "../../errors.ts";
import type { LoraConfig } from "./config.ts";
import { endings, shortestNames } from "./endings.ts";
import { cannotUse, Deadline, layerFilter, matcher, patternLookup, savedMatcher } from "./patterns.ts";
import { savedPaths } from "./saved.ts";

/** A module that an adapter may target. */
export interface AdaptedModule {
  /** Path in HF's model: `model.layers.0.self_attn.q_proj`. */
  path: string;
  /** "other" modules cannot have a branch: norms, blocks, the model itself. A list of blocks is not trained whole, either. */
  kind: "linear" | "embedding" | "other" | "list";
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
  const deadline = new Deadline();
  const included = matcher("target_modules", targetModules, deadline);
  const excluded = matcher("exclude_modules", config.excludeModules ?? [], deadline);
  const trainedWhole = savedMatcher(config.modulesToSave, deadline);
  const inLayers = layerFilter(config, deadline);
  const rankOf = patternLookup("rank_pattern", config.rankPattern, deadline);
  const alphaOf = patternLookup("alpha_pattern", config.alphaPattern, deadline);

  const branches = new Map<string, Branch>();
  const fullNames = new Set(Array.isArray(targetModules) ? targetModules : []);
  const used = { rank: new Set<string>(), alpha: new Set<string>() };
  let without = 0, whole = 0;
  for (const module of all) {
    const { path, kind } = module;
    if (excluded(path)) {
      without++;
      continue;
    }
    if (trainedWhole(path)) {
      whole++;
      continue;
    }
    // A full path in the list matches whatever its layer.
    if (!fullNames.has(path) && !(included(path) && inLayers(path))) continue;
    if (kind === "other" || kind === "list") {
      throw cannotUse("target_modules", `"${path}" is neither a linear layer nor an embedding`);
    }
    const ranked = rankOf(path), scaled = alphaOf(path);
    if (ranked) used.rank.add(ranked.name);
    if (scaled) used.alpha.add(scaled.name);
    const rank = ranked?.value ?? config.r, alpha = scaled?.value ?? config.loraAlpha;
    checkRank(rank, module);
    branches.set(path, { kind, rank, alpha, dropout: config.loraDropout, rslora: config.useRslora });
  }
  if (!branches.size) throw nothingMatches(all, config, targetModules, without + whole);

  const reached = new Set([...branches.keys()].flatMap(endings));
  const idle = Array.isArray(config.targetModules) ? config.targetModules.filter((name) => !reached.has(name)) : [];
  const saved = savedPaths(all, config.modulesToSave, branches);
  return {
    branches,
    saved: saved.paths,
    targetModules,
    notes: [
      ...unmatched("target_modules", idle),
      ...unmatched("exclude_modules", config.excludeModules?.length && !without ? [config.excludeModules].flat() : []),
      ...unused("rank_pattern", config.rankPattern, used.rank),
      ...unused("alpha_pattern", config.alphaPattern, used.alpha),
      ...unmatched("modules_to_save", saved.idle),
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
  const paths = all.map(({ path }) => path), reachable = new Set(paths.flatMap(endings));
  const shorter = shortestNames(list.filter((name) => reachable.has(name)), paths);
  return shorter.length < list.length ? shorter : list;
}

function checkRank(rank: number, { path, inFeatures = Infinity, outFeatures = Infinity }: AdaptedModule) {
  const most = 4 * Math.min(inFeatures, outFeatures);
  if (rank > most) {
    const what = `rank ${rank} is more than four times the smaller side of "${path}" [${outFeatures}, ${inFeatures}]`;
    throw cannotUse("r", what, "choose a lower rank");
  }
}

const unmatched = (key: string, names: string[]) => names.length ? [`${key}: nothing matches ${few(names)}`] : [];

function unused(key: string, pattern: Record<string, number>, used: ReadonlySet<string>): string[] {
  const names = Object.keys(pattern).filter((name) => !used.has(name));
  return names.length ? [`${key}: no module takes its number from ${few(names)}`] : [];
}

function nothingMatches(
  all: AdaptedModule[],
  config: Target,
  targets: string[] | string,
  left: number,
): CheckpointError {
  const layers = config.layersToTransform ? ` in layers ${config.layersToTransform.join(", ")}` : "";
  const without = left ? " once exclude_modules and modules_to_save are left out" : "";
  return cannotUse(
    "target_modules",
    `no module of the model matches ${shortened(JSON.stringify(targets), 80)}${layers}${without}`,
    `choose from ${linearNames(all).join(", ")}`,
  );
}
