/** Short names: of models at the hub (adding one is a line in its family's file), and of what comes with ftx. */
import { registry } from "./entry.ts";
import { llama, llamaShaped } from "./llama.ts";
import { mistral } from "./mistral.ts";
import { qwen2, qwen3 } from "./qwen.ts";

export type { KnownModel } from "./entry.ts";
export { OWN_DATASETS, OWN_MODELS, ownDataset, ownModel } from "./own.ts";
export const { MODELS, modelNamed, templateOf } = registry(llama, llamaShaped, mistral, qwen2, qwen3);
