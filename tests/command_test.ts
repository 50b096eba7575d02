// The command as a user starts it: its own process, its output, its exit code.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const FTX = fileURLToPath(new URL("../ftx", import.meta.url));

async function ftx(...args: string[]) {
  const env = { PATH: `${Deno.execPath().replace(/\/[^/]*$/, "")}:${Deno.env.get("PATH")}`, NO_COLOR: "1" };
  const { code, stdout, stderr } = await new Deno.Command(FTX, { args, env }).output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

Deno.test("ftx --help, ftx help and ftx print the same", async () => {
  const [flag, word, bare] = await Promise.all([ftx("--help"), ftx("help"), ftx()]);
  assert.match(flag.out, /^ftx: fine-tune language models\n/);
  assert.deepEqual(word, flag);
  assert.deepEqual(bare, flag);
  assert.equal(flag.code, 0);
});

Deno.test("ftx names the command that was meant", async () => {
  assert.deepEqual(await ftx("trian"), {
    code: 2,
    out: "",
    err: 'error: Cannot run "ftx trian": there is no such command; ftx help lists them; did you mean "train"?\n',
  });
  const { code, err } = await ftx("data", "prevew");
  assert.equal(code, 2);
  assert.equal(err, 'error: Cannot run "ftx data prevew": its only part is preview; did you mean "preview"?\n');
});

Deno.test("ftx sft reports every problem and exits with 2, without a stack", async () => {
  const { code, out, err } = await ftx("sft", "--lora-rnak", "8", "--seed", "x");
  assert.equal(code, 2);
  assert.equal(out, "");
  assert.equal(
    err,
    'error: Cannot use --lora-rnak: ftx has no such setting; did you mean "--lora-rank"?\n' +
      'error: Cannot use seed = "x" (--seed): it must be a whole number\n' +
      "error: Cannot train without model_name_or_path: set it in the file or with --model\n" +
      "error: Cannot train without dataset: set it in the file or with --dataset\n",
  );
  assert.match((await ftx("sft", "--debug")).err, /\n +at /);
});

Deno.test("ftx help sft and ftx sft --help list the settings", async () => {
  const [word, flag] = await Promise.all([ftx("help", "sft"), ftx("sft", "--help")]);
  assert.deepEqual(word, flag);
  assert.match(flag.out, /\nMethod:\n +--finetuning-type <lora\|freeze\|full> /);
  assert.equal(flag.code, 0);
});

Deno.test("ftx schema prints JSON, and is quiet when its reader leaves", async () => {
  const { out } = await ftx("schema");
  assert.equal(JSON.parse(out).properties.lora_rank.default, 8);
  const command = `"${FTX}" schema | head -n 1`;
  const env = { PATH: `${Deno.execPath().replace(/\/[^/]*$/, "")}:${Deno.env.get("PATH")}` };
  const { stderr } = await new Deno.Command("sh", { args: ["-c", command], env }).output();
  assert.equal(new TextDecoder().decode(stderr), "");
});

Deno.test("ftx version names ftx, Deno, the shim and libtorch", async () => {
  const { code, out } = await ftx("version");
  assert.equal(code, 0);
  assert.match(out, /^ftx \d+\.\d+\.\d+\nDeno \d+\.\d+\.\d+ \(\w+ \w+\)\nshim .+\nlibtorch ./);
});
