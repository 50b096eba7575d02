import { AddedToken, Tokenizer as Native } from "tokenizers";
import config from "../../deno.json" with { type: "json" };
import { quoted } from "../errors.ts";
import { tryOut } from "../trial/mod.ts";
import { cannot } from "./files.ts";
import type { DeclaredToken, NativeSource } from "./special.ts";

const AGAIN = "download the file again";

const SUBJECT = {
  trial: "tokenizer",
  engine: "the tokenizer library",
  version: `${config.imports.tokenizers} 3`, // the second number counts changes of the trial
};

/**
 * Opens a tokenizer in the native library, after a trial: a damaged one would end the process, which nothing could catch.
 * `path` is for messages.
 */
export async function openTried(path: string, source: NativeSource): Promise<Native> {
  const why = await tryOut(SUBJECT, source);
  if (why !== undefined) throw cannot(path, why, AGAIN);
  try {
    return openNative(source);
  } catch (error) {
    throw cannot(path, `the tokenizer library says ${quoted((error as Error).message)}`, AGAIN);
  }
}

/** Opens a tokenizer in the native library, and adds the tokens that other files declare. */
export function openNative({ text, declared }: NativeSource): Native {
  const native = Native.fromString(text);
  native.disableTruncation(); // a saved tokenizer may still have these from its last use
  native.disablePadding();
  native.addAddedTokens(declared.map(asAdded));
  return native;
}

function asAdded({ content, special, ...flags }: DeclaredToken): AddedToken {
  return new AddedToken(content, special, {
    singleWord: flags.single_word,
    leftStrip: flags.lstrip,
    rightStrip: flags.rstrip,
    normalized: flags.normalized,
  });
}
