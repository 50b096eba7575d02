import { jsonSchema } from "../recipe/json_schema.ts";
import { print } from "./print.ts";

/** `ftx schema`: prints a JSON Schema of settings files. */
export async function run() {
  await print(JSON.stringify(jsonSchema(), undefined, 2));
}
