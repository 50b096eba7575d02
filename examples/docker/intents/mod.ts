/** Everything that can be asked for. */
import type { Intent } from "../intent.ts";
import { compose } from "./compose.ts";
import { containers } from "./containers.ts";
import { contents } from "./contents.ts";
import { images } from "./images.ts";
import { looking } from "./looking.ts";
import { run } from "./run.ts";
import { surroundings } from "./surroundings.ts";

export const INTENTS: Intent[] = [
  ...containers,
  ...contents,
  ...looking,
  ...run,
  ...images,
  ...surroundings,
  ...compose,
];
