// Ways of training: a page each. Adding one is a file, an import and a key here.
import type { StageName } from "../train/stage_names.ts";
import { pt } from "./pt.ts";
import { sft } from "./sft.ts";
import type { Stage } from "./stage.ts";

export type { Making, Parts, Stage } from "./stage.ts";

export const STAGES = { pt, sft } satisfies Record<StageName, Stage>;
