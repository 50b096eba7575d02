// One rule turns a name of TypeScript into its spelling in files and on the command line, and back.

/** `loraRank` -> `lora_rank`: how files spell it. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => "_" + letter.toLowerCase());
}

/** `loraRank` -> `lora-rank`: how flags spell it, without the dashes in front. */
export function kebabCase(name: string): string {
  return snakeCase(name).replaceAll("_", "-");
}

/** `loraRank`, `lora-rank` or `--lora-rank` -> `lora_rank`; keeps what files spell their own way: `load_in_4bit`. */
export function keyOf(name: string): string {
  return snakeCase(name.replace(/^--/, "").replaceAll("-", "_"));
}

/** `lora_rank`, `lora-rank` or `--lora-rank` -> `loraRank`: how TypeScript spells it. */
export function camelCase(name: string): string {
  return name.replace(/^--/, "").replace(/[_-]+([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
