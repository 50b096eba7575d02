import assert from "node:assert/strict";
import { plainOptions } from "./plain_options.ts";

const COMMAND = {
  name: "setup",
  about: { summary: "Make ready", usage: "[flags]" },
  flags: { "--cpu": "The CPU build", "--index-url <url>": "The index" },
};
const read = (...args: string[]) => plainOptions(args, COMMAND);

Deno.test("plainOptions() reads switches and values", () => {
  assert.deepEqual(read(), {});
  assert.deepEqual(read("--cpu", "--index-url", "https://x"), { cpu: true, indexUrl: "https://x" });
  assert.deepEqual(read("--index-url=https://x"), { indexUrl: "https://x" });
});

Deno.test("plainOptions() says what it cannot use", () => {
  const refused = (message: string, ...args: string[]) =>
    assert.throws(() => read(...args), { name: "FtxError", exitCode: 2, message });
  const lists = "ftx setup --help lists its flags";
  refused(`Cannot use --cpuu with ftx setup: it has no such flag; ${lists}; did you mean "--cpu"?`, "--cpuu");
  refused("Cannot use --index-url: it needs a value", "--index-url");
  refused(`Cannot use "x" with ftx setup: it takes only flags; ${lists}`, "--cpu", "x");
});
