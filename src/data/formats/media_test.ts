import assert from "node:assert/strict";
import { OPENAI_TAGS } from "../catalogue/entry.ts";
import type { DatasetInfo } from "../catalogue/info.ts";
import { SetError } from "../sources/row.ts";
import { readChat } from "./chat.ts";
import { refuseMedia } from "./media.ts";

type Values = Record<string, unknown>;

const bare = { formatting: "detect", columns: {} } as DatasetInfo;
const entry = (columns: DatasetInfo["columns"]) => ({ formatting: "alpaca", columns }) as DatasetInfo;
const ADVICE = "and ftx learns from text alone; use a data set without media";
const refused = (check: () => unknown, message: string) =>
  assert.throws(check, (error) => error instanceof SetError && error.message === message);

Deno.test("refuseMedia() names the column of media, whatever holds them", () => {
  for (const column of ["image", "images", "video", "videos", "audio", "audios"]) {
    for (
      const held of ["1.jpg", ["1.jpg"], '["1.jpg"]', [{ bytes: new Uint8Array(3), path: null }], { array: [0.5] }]
    ) {
      refused(() => refuseMedia(bare, { text: "a", [column]: held }), `its column "${column}" holds media, ${ADVICE}`);
    }
  }
  refused(
    () => refuseMedia(entry({ images: "pics" }), { pics: ["1.jpg"] }),
    `its column "pics" holds media, ${ADVICE}`,
  );
});

Deno.test("refuseMedia() takes empty columns for none", () => {
  for (const held of [null, undefined, [], "", "[]", [null], [[]], { bytes: null, path: null }, new Uint8Array(0)]) {
    refuseMedia(bare, { text: "<image>", images: held });
    refuseMedia(entry({ images: "images" }), { text: "a", images: held });
  }
});

Deno.test("refuseMedia() minds a column that an entry does not name only where the text has its placeholder", () => {
  const row = (content: string) => ({ images: ["1.jpg"], messages: [{ role: "user", content }] });
  refuseMedia(entry({ messages: "messages" }), row("a"));
  refuseMedia(entry({}), { messages: "<image>" }); // no media that it could stand for
  for (const mark of ["<image>", "<video>", "<audio>"]) {
    refused(
      () => refuseMedia(entry({ messages: "messages" }), row(`${mark} a`)),
      `its text has ${mark} for the column "images", ${ADVICE}`,
    );
  }
});

const read = (said: Values) => readChat({ m: [said, { role: "assistant", content: "b" }] }, "m", {}, OPENAI_TAGS);

Deno.test("readChat() refuses media in messages: as parts, and beside the text", () => {
  for (const type of ["image", "image_url", "input_image", "video", "video_url", "audio", "input_audio"]) {
    const content = [{ type: "text", text: "a" }, { type, [type]: "x" }];
    refused(() => read({ role: "user", content }), `message 1 has a part of type "${type}", ${ADVICE}`);
  }
  refused(() => read({ role: "user", content: "a", images: ["x"] }), `message 1 holds "images", ${ADVICE}`);
  assert.equal(read({ role: "user", content: "a", images: [] }).messages[0].content, "a");
});
