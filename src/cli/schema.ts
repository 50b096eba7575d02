import { jsonSchema } from "../recipe/json_schema.ts";
import type { About } from "./commands.ts";
import { print } from "./output.ts";
import { plainOptions } from "./plain_options.ts";

/**
 * `ftx schema`: prints a JSON Schema of settings files. An editor with a YAML language server uses it for files that begin with
 * `# yaml-language-server: $schema=` and its path.
 */
export async function run(args: string[], name: string, about: About) {
  if (plainOptions(args, { name, about, flags: {} }) === undefined) return;
  await print(JSON.stringify(jsonSchema(), undefined, 2));
}
