import type { Family } from "./config.ts";
import type { Fields } from "./fields.ts";

/** What a layer attends to: all earlier tokens, or the last `slidingWindow` ones. */
export type LayerType = "full_attention" | "sliding_attention";

/** The fields of a `ModelConfig` that decide which layers slide. */
export interface LayerTypes {
  slidingWindow: number | null;
  useSlidingWindow: boolean;
  maxWindowLayers: number;
  layerTypes: LayerType[];
}

/** Reads which layers slide: none in llama, all in mistral, and those of `use_sliding_window` in qwen. */
export function readLayerTypes(fields: Fields, family: Family, layers: number): LayerTypes {
  const all = (type: LayerType) => Array<LayerType>(layers).fill(type);
  if (family === "llama") {
    return { slidingWindow: null, useSlidingWindow: false, maxWindowLayers: 0, layerTypes: all("full_attention") };
  }
  const absent = Object.hasOwn(fields.values, "sliding_window") ? null : 4_096;
  const size = fields.int("sliding_window", absent);
  if (family === "mistral") {
    const useSlidingWindow = size !== null;
    const layerTypes = all(useSlidingWindow ? "sliding_attention" : "full_attention");
    return { slidingWindow: size, useSlidingWindow, maxWindowLayers: 0, layerTypes };
  }
  const useSlidingWindow = fields.bool("use_sliding_window", false);
  const slidingWindow = useSlidingWindow ? size : null;
  const maxWindowLayers = fields.int("max_window_layers", 28, { min: 0 });
  const layerTypes = fields.texts("layer_types", undefined) ??
    Array.from(
      { length: layers },
      (_, i) => slidingWindow !== null && i >= maxWindowLayers ? "sliding_attention" : "full_attention",
    );
  if (layerTypes.length !== layers) throw fields.error("layer_types", `must name ${layers} layers (num_hidden_layers)`);
  for (const type of layerTypes) {
    if (type !== "full_attention" && type !== "sliding_attention") {
      throw fields.error("layer_types", `may hold "full_attention" and "sliding_attention", not "${type}"`);
    }
    if (type === "sliding_attention" && slidingWindow === null) {
      throw fields.error(
        "layer_types",
        "asks for a sliding window, and sliding_window with use_sliding_window gives none",
      );
    }
  }
  return { slidingWindow, useSlidingWindow, maxWindowLayers, layerTypes: layerTypes as LayerType[] };
}
