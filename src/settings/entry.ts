/** A setting as somebody wrote it: in a file, as a flag, or in a program. */
export interface Entry {
  /** The name as written: `lora_rank`, `lora-rank`, `loraRank`. */
  name: string;
  value: unknown;
  /** `sft.yaml:7`, `--lora-rank`, or empty where there is no better place to name. */
  where: string;
  /** The letters in the file, where they may mean something else to another YAML reader: `017`. */
  source?: string;
}

/** `lora_rank = 0 (sft.yaml:7)`: a setting in a sentence. */
export function show(name: string, value: unknown, where = ""): string {
  // The shell knows text only; what was meant as a number is shown as one.
  const isPlain = where.startsWith("--") && /^(true|false|[+-]?[\d.]+(e[+-]?\d+)?)$/i.test(String(value));
  const shown = value === undefined ? "nothing" : isPlain ? String(value) : JSON.stringify(value);
  const text = shown.length > 80 ? shown.slice(0, 77) + "..." : shown;
  return `${name} = ${text}` + (where ? ` (${where})` : "");
}
