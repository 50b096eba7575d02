import assert from "node:assert/strict";
import { parseEntry } from "./entry.ts";

/** Entries that cannot be used, and the rest of the sentence. */
const WRONG: [entry: Record<string, unknown>, sentence: string][] = [
  [{ columns: { promt: "a" } }, 'columns.promt: this key is not known; did you mean "prompt"?'],
  [{ tags: { roletag: "a" } }, 'tags.roletag: this key is not known; did you mean "role_tag"?'],
  [{ load_from: "file" }, "load_from: this key is not known"],
  [
    { columns: { messages: "m" } },
    'columns.messages: formatting = "alpaca" does not read it; set formatting = "sharegpt" or "openai", or leave it out',
  ],
  [
    { formatting: "sharegpt", columns: { messages: "m", prompt: "p" } },
    'columns.prompt: formatting = "sharegpt" does not read it; name the list in columns.messages, or leave it out',
  ],
  [
    { formatting: "openai", columns: { messages: "m", history: "h" } },
    'columns.history: formatting = "openai" does not read it; name the list in columns.messages, or leave it out',
  ],
  [
    { tags: { user_tag: "u" } },
    'tags.user_tag: formatting = "alpaca" has no roles; set formatting = "sharegpt" or "openai", or leave it out',
  ],
  [
    { columns: { prompt: "a", query: "a", response: "b" } },
    'columns.query: it is "a", as prompt is; each needs a name of its own',
  ],
  [
    { formatting: "sharegpt", tags: { user_tag: "x", assistant_tag: "x" } },
    'tags.assistant_tag: it is "x", as user_tag is; each needs a name of its own',
  ],
  [
    { formatting: "openai", tags: { observation_tag: "user" } },
    'tags.observation_tag: it is "user", as user_tag is; each needs a name of its own',
  ],
  [
    { formatting: "openai", tags: { content_tag: "role" } },
    'tags.content_tag: it is "role", as role_tag is; each needs a name of its own',
  ],
  [{ subset: "a" }, "subset: it chooses a part of a data set at the hub, and file_name is a file; leave it out"],
  [{ split: "test" }, "split: it chooses a part of a data set at the hub, and file_name is a file; leave it out"],
];

for (const [entry, sentence] of WRONG) {
  Deno.test(`parseEntry() refuses ${JSON.stringify(entry)}`, () => {
    assert.throws(() => parseEntry("d", { file_name: "d.json", ...entry }), (error: Error) => {
      assert.equal(error.name, "DataError");
      assert.ok(error.message.startsWith(`Cannot load dataset "d": dataset_info.json has ${sentence}`), error.message);
      return true;
    });
  });
}

for (
  const more of [{ ranking: true }, { columns: { chosen: "c" } }, { columns: { rejected: "r" } }, {
    columns: { kto_tag: "k" },
  }]
) {
  Deno.test(`parseEntry() refuses preferences: ${JSON.stringify(more)}`, () => {
    assert.throws(() => parseEntry("d", { file_name: "d.json", ...more }), {
      name: "DataError",
      message:
        'Cannot load dataset "d": it holds preferences, and this version of ftx cannot train on those; use another data set',
    });
  });
}

Deno.test("parseEntry() takes entries as LLaMA-Factory writes them", () => {
  for (
    const entry of [
      { file_name: "d.json", split: "train", ranking: false, file_sha1: "0" },
      { hf_hub_url: "a/b", subset: "s", split: "test", folder: "f" },
      {
        hf_hub_url: "a/b",
        formatting: "sharegpt",
        columns: { messages: "m", images: "i" },
        tags: { role_tag: "role" },
      },
      { file_name: "d.json", columns: { prompt: "text", query: null, response: "" } },
    ]
  ) parseEntry("d", entry);
});
