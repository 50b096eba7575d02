import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configuredEnds, withEnds } from "./mod.ts";

/** Folders with these files, while `use` runs. */
async function inFolders(
  folders: Record<string, unknown>[],
  use: (paths: string[]) => Promise<void>,
): Promise<void> {
  const place = mkdtempSync(join(tmpdir(), "ftx-ends-"));
  try {
    const paths = folders.map((files, i) => {
      const path = join(place, `${i}`);
      mkdirSync(path);
      for (const [name, value] of Object.entries(files)) {
        writeFileSync(join(path, `${name}.json`), JSON.stringify(value));
      }
      return path;
    });
    await use(paths);
  } finally {
    rmSync(place, { recursive: true });
  }
}

const id = (id: number) => ({ id });

Deno.test("configuredEnds() finds each EOS of generation_config.json and config.json", async () => {
  const folders = [
    { generation_config: { eos_token_id: [5, 7] } },
    { generation_config: { eos_token_id: null }, config: { eos_token_id: 5 } },
    { config: {}, generation_config: { eos_token_id: 9 } },
  ];
  await inFolders(folders, async (paths) => assert.deepEqual(await configuredEnds(paths), [5, 7, 9]));
});

Deno.test("configuredEnds() refuses an EOS that is not an id", async () => {
  for (const wrong of ["</s>", [2, "</s>"], { id: 2 }, 1.5]) {
    await inFolders([{ generation_config: { eos_token_id: wrong } }], async ([folder]) => {
      await assert.rejects(configuredEnds([folder]), {
        name: "CheckpointError",
        message: `Cannot use "${folder}/generation_config.json": eos_token_id is ${
          JSON.stringify(wrong)
        }, not a token's id or a list of ids; correct it, or remove it`,
      });
    });
  }
});

/** What withEnds() writes beside a model with this config.json, in folders with these files. */
async function written(
  folders: Record<string, unknown>[],
  { config, eos, pad, stops }: { config?: Record<string, unknown>; eos?: number; pad?: number; stops?: number[] },
) {
  const result: Record<string, any> = {};
  const raw = { bos_token_id: 1, ...config };
  const tokenizer = { eos: eos === undefined ? undefined : id(eos), pad: pad === undefined ? undefined : id(pad) };
  await inFolders(folders, async (paths) => {
    const texts: Record<string, string> = config ? { "config.json": JSON.stringify(config) } : { "other.json": "{}" };
    const all = await withEnds(texts, { tokenizer, stops, folders: paths, config: { vocabSize: 10, raw } });
    for (const [name, text] of Object.entries(all)) result[name.replace(".json", "")] = JSON.parse(text);
  });
  return result;
}

Deno.test("withEnds() writes the tokenizer's EOS, and keeps the ends that the model had", async () => {
  const config = { eos_token_id: 3, pad_token_id: null };
  const before = [{ generation_config: { eos_token_id: [3, 4], temperature: 0.6 }, config }];
  assert.deepEqual(await written(before, { config, eos: 5, pad: 5, stops: [5, 6] }), {
    config: { eos_token_id: 5, pad_token_id: 5 },
    generation_config: { eos_token_id: [5, 6, 3, 4], temperature: 0.6, pad_token_id: 5 },
  });
});

Deno.test("withEnds() leaves configurations alone that agree with the tokenizer", async () => {
  const config = { eos_token_id: [3, 5], pad_token_id: 0 }, generation_config = { eos_token_id: 5, pad_token_id: 0 };
  assert.deepEqual((await written([{ generation_config, config }], { config, eos: 5, pad: 9 })).config, config);
  const one = { eos_token_id: 5, pad_token_id: 0 };
  assert.deepEqual(await written([{ generation_config: one, config: one }], { config: one, eos: 5, pad: 9 }), {
    ...{ config: one, generation_config: one },
  });
});

Deno.test("withEnds() makes a generation_config.json where there is none, and for an adapter from its own first", async () => {
  const config = { eos_token_id: 3 };
  assert.deepEqual((await written([{ config }], { config, eos: 3, pad: 3 })).generation_config, {
    ...{ bos_token_id: 1, eos_token_id: 3, pad_token_id: 3 },
  });
  const base = { config, generation_config: { eos_token_id: 3, top_k: 1 } };
  const adapter = { generation_config: { eos_token_id: 7, top_k: 2 } };
  assert.deepEqual(await written([adapter, base], { eos: 7 }), {
    other: {},
    generation_config: { eos_token_id: [7, 3], top_k: 2 },
  });
});

Deno.test("withEnds() writes no id that the embedding lacks, and nothing for a tokenizer without EOS", async () => {
  const config = { eos_token_id: 3 };
  assert.deepEqual(await written([{ config }], { config, eos: 10, pad: 11, stops: [12] }), {
    ...{ config, generation_config: { bos_token_id: 1, eos_token_id: 3 } },
  });
  assert.deepEqual(await written([{ config: {} }], { config: {} }), {
    ...{ config: {}, generation_config: { bos_token_id: 1 } },
  });
});
