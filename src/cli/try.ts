import { READY } from "../trial/mod.ts";
import { print } from "./output.ts";

/** What can be tried out in a process of its own, by the name that `tryOut` gives. */
const TRIALS: Readonly<Record<string, () => Promise<{ trial(input: any): Promise<string | undefined> }>>> = {
  tokenizer: () => import("../tokenizer/trial.ts"),
  parquet: () => import("../data/sources/parquet_trial.ts"),
  "chat template": () => import("../data/encode/jinja_trial.ts"),
};

/** The process of a trial, `ftx --try NAME`: reads the input as JSON, tries it, prints why it cannot be used, if so. */
export async function run([name]: string[]) {
  const input = JSON.parse(await new Response(Deno.stdin.readable).text());
  const { trial } = await TRIALS[name]();
  await print(READY);
  await print(JSON.stringify({ why: await trial(input) }));
}
