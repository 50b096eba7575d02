import { homedir } from "node:os";
import { join } from "node:path";
import { readFileSync } from "node:fs";
import { RecipeError } from "../errors.ts";
import type { HubSettings } from "./settings.ts";

/** A token for the hub, and where it was found. */
export interface Token {
  readonly text: string;
  readonly from: string;
}

/** Where the hub is, the token for it, and where its files are kept. */
export interface HubPlace {
  /** Address without a slash at the end. Default: that of the hub's library. */
  readonly endpoint?: string;
  /** Folder of the cached repositories. */
  readonly cache: string;
  /** Only the cache is read; no request is sent. */
  readonly offline: boolean;
  readonly token?: Token;
  /** Milliseconds in which a download must bring at least 1 KiB. */
  readonly stall: number;
  /** Milliseconds in which any other request must be answered. */
  readonly patience: number;
}

type Environment = (name: string) => string | undefined;

/**
 * The hub as the settings and the environment describe it: the settings first, then the variables that Python's
 * huggingface_hub reads (HF_ENDPOINT, HF_TOKEN, HF_TOKEN_PATH, HF_HOME, HF_HUB_CACHE, HF_HUB_OFFLINE,
 * HF_HUB_DOWNLOAD_TIMEOUT, HF_HUB_ETAG_TIMEOUT), with the same meaning.
 *
 * @throws {RecipeError} One of them has a value that cannot be used.
 */
export function hubPlace(
  settings: Partial<HubSettings> = {},
  env: Environment = (name) => Deno.env.get(name),
): HubPlace {
  const get = (...names: string[]) => names.map(env).find((value) => value !== undefined && value !== "");
  const home = expanded(get("HF_HOME") ?? join(get("XDG_CACHE_HOME") ?? join(homedir(), ".cache"), "huggingface"));
  return {
    endpoint: endpointOf(get("HF_ENDPOINT")),
    cache: expanded(settings.cacheDir ?? get("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE") ?? join(home, "hub")),
    offline: /^(1|on|yes|true)$/i.test(get("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE") ?? ""),
    token: tokenOf(settings, get, home),
    stall: seconds("HF_HUB_DOWNLOAD_TIMEOUT", get("HF_HUB_DOWNLOAD_TIMEOUT"), 30),
    patience: seconds("HF_HUB_ETAG_TIMEOUT", get("HF_HUB_ETAG_TIMEOUT"), 20),
  };
}

function endpointOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new RecipeError(`Cannot use HF_ENDPOINT = "${text}": it is not an address; write https://… or leave it out`);
  }
  return text.replace(/\/+$/, "");
}

function tokenOf({ hfHubToken }: Partial<HubSettings>, get: (...names: string[]) => string | undefined, home: string) {
  const path = expanded(get("HF_TOKEN_PATH") ?? join(home, "token"));
  const found = [
    { text: hfHubToken, from: "hf_hub_token" },
    { text: get("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"), from: "HF_TOKEN" },
    { text: readIfThere(path), from: `"${path}"` },
  ].find(({ text }) => text !== undefined && text.trim() !== "");
  if (found === undefined) return undefined;
  const text = found.text!.trim();
  if (/[^\x21-\x7e]/.test(text)) { // it goes into a header
    throw new RecipeError(`Cannot use the token of ${found.from}: tokens never have such characters; copy it again`);
  }
  return { text, from: found.from };
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // no login here, or the file belongs to another user
  }
}

/** Expands `~` and `$NAME` as Python does in these variables. */
function expanded(path: string): string {
  const home = path === "~" || path.startsWith("~/") ? homedir() + path.slice(1) : path;
  return home.replace(/\$(\w+)|\$\{(\w+)\}/g, (all, a, b) => Deno.env.get(a ?? b) ?? all);
}

function seconds(name: string, text: string | undefined, usual: number): number {
  const number = text === undefined ? usual : Number(text);
  if (Number.isFinite(number) && number > 0) return 1000 * number;
  throw new RecipeError(`Cannot use ${name} = "${text}": it is not a number of seconds; write one above 0`);
}
