// Tokenizers with changed parts, tried and then used as ftx uses them.

import { AddedToken } from "tokenizers";
import { checkTokenizer } from "../../../src/tokenizer/check.ts";
import { openNative } from "../../../src/tokenizer/native.ts";
import { trial } from "../../../src/tokenizer/trial.ts";
import { CheckpointError } from "../../../src/errors.ts";
import { Choices } from "../../support/random.ts";
import { BASES, PARTS, TEXTS, VALUES } from "./tokenizer_parts.ts";
import { serve } from "./serve.ts";

type Json = any;

/** A changed tokenizer.json: bytes of its text, or parts exchanged, removed, repeated and filled with other values. */
function mutant(choices: Choices): string {
  const json = structuredClone(choices.of(BASES)) as Json;
  if (choices.random() < 0.15) return scratched(JSON.stringify(json), choices);
  for (let n = 1 + choices.below(3); n > 0; n--) change(json, choices);
  return JSON.stringify(json);
}

function scratched(text: string, choices: Choices): string {
  for (let n = 1 + choices.below(3); n > 0; n--) {
    const at = choices.below(text.length);
    text = text.slice(0, at) + choices.of(["", "0", '"', "{", "]", ",", "9e9", "\\ud800", "null", "\0"]) +
      text.slice(at + choices.below(3));
  }
  return text;
}

function change(json: Json, choices: Choices): void {
  const kind = choices.random();
  if (kind < 0.55) {
    const slot = choices.of(Object.keys(PARTS) as (keyof typeof PARTS)[]);
    json[slot] = part(slot, choices);
  } else if (kind < 0.7) {
    const slot = choices.of(Object.keys(PARTS) as (keyof typeof PARTS)[]);
    const list = {
      normalizer: "normalizers",
      pre_tokenizer: "pretokenizers",
      post_processor: "processors",
      decoder: "decoders",
    };
    const parts = Array.from({ length: choices.below(4) }, () => part(slot, choices));
    json[slot] = { type: "Sequence", [list[slot]]: json[slot] ? [...parts, json[slot]] : parts };
  } else {
    const holders = nodes(json, choices);
    const { holder, key } = choices.of(holders);
    const how = choices.random();
    if (how < 0.2) Array.isArray(holder) ? holder.splice(Number(key), 1) : delete holder[key];
    else if (how < 0.3 && Array.isArray(holder)) holder.push(structuredClone(holder[Number(key)]));
    else holder[key] = structuredClone(choices.of(VALUES));
  }
}

/** A part of a kind, of which some values are exchanged. */
function part(slot: keyof typeof PARTS, choices: Choices): Json {
  const made = structuredClone(choices.of(PARTS[slot])) as Json;
  if (choices.random() < 0.25 && made !== null) {
    const { holder, key } = choices.of(nodes(made, choices));
    holder[key] = structuredClone(choices.of(VALUES));
  }
  return made;
}

/** Places of values: all but those of long lists, of which a few are taken. */
function nodes(json: Json, choices: Choices): { holder: Json; key: string }[] {
  const found: { holder: Json; key: string }[] = [];
  const walk = (holder: Json) => {
    const keys = Object.keys(holder);
    const some = keys.length > 40 ? Array.from({ length: 6 }, () => choices.of(keys)) : keys;
    for (const key of some) {
      found.push({ holder, key });
      if (typeof holder[key] === "object" && holder[key] !== null) walk(holder[key]);
    }
  };
  walk(json);
  return found;
}

/** A text of pieces of any kind. */
function text(choices: Choices): string {
  return Array.from({ length: 1 + choices.below(60) }, () => {
    const kind = choices.random();
    if (kind < 0.5) return choices.of(TEXTS);
    if (kind < 0.7) return choices.of(TEXTS).repeat(choices.below(200));
    return String.fromCodePoint(choices.below(0x110000));
  }).join("");
}

await serve(async (seed, say) => {
  const choices = new Choices(seed);
  const json = mutant(choices);
  let parsed: Json;
  try {
    parsed = JSON.parse(json);
  } catch {
    return "not JSON";
  }
  if (typeof parsed !== "object" || parsed === null) return "not JSON";
  checkTokenizer("tokenizer.json", parsed);
  const source = { text: json, declared: [{ content: "<|declared|>", special: true }] };
  say("trial");
  const why = await trial(source);
  if (why !== undefined) return "grows";
  say("use");
  let native;
  try {
    native = openNative(source);
  } catch (error) {
    throw new CheckpointError(
      `Cannot load tokenizer "x": the library says "${(error as Error).message.slice(0, 100)}"; x`,
    );
  }
  const added = text(choices).slice(0, 20) || "x";
  // One that the normalizer leaves nothing of is refused before, by Tokenizer.add().
  const isLeft = native.getNormalizer()?.normalizeString(added) !== "";
  native.addAddedTokens([new AddedToken(added, !isLeft || choices.random() < 0.5)]);
  const size = native.getVocabSize(true);
  for (let n = 0; n < 4; n++) {
    const texts = Array.from({ length: 8 }, () => text(choices));
    const lists = await native.encodeBatch(texts, { addSpecialTokens: choices.random() < 0.2 }).catch(() => []);
    const drawn = Array.from(
      { length: 8 },
      () => Array.from({ length: choices.below(60) }, () => choices.below(size + 3)),
    );
    await native.decodeBatch([...lists.map((list) => list.getIds()), ...drawn], n % 2 === 0).catch(() => {});
  }
  return "used";
});
