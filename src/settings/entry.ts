/** A setting as written in a file, as a flag, or in a program. */
export interface Entry {
  /** The name as written: `lora_rank`, `lora-rank`, `loraRank`. */
  name: string;
  value: unknown;
  /** `sft.yaml:7`, `--lora-rank`, or empty if there is no place to name. */
  where: string;
  /** The text in the file, which another YAML reader may read differently: `017`. */
  source?: string;
}

/** `lora_rank = 0 (sft.yaml:7)`: a setting in a sentence. */
export function show(name: string, value: unknown, where = ""): string {
  // A shell passes only text; show a number as a number.
  const isPlain = where.startsWith("--") && /^(true|false|[+-]?[\d.]+(e[+-]?\d+)?)$/i.test(String(value));
  const shown = value === undefined ? "nothing" : isPlain ? String(value) : JSON.stringify(value);
  const text = shown.length > 80 ? shown.slice(0, 77) + "..." : shown;
  return `${name} = ${text}` + (where ? ` (${where})` : "");
}
