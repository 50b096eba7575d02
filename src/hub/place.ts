import { homedir } from "node:os";
import { join } from "node:path";
import { readFileSync } from "node:fs";
import { RecipeError } from "../errors.ts";
import type { HubSettings } from "./settings.ts";

/** A secret that says who asks, and where it was found. */
export interface Token {
  readonly text: string;
  readonly from: string;
}

/** Where the hub is, who asks it, and where its files are kept. */
export interface HubPlace {
  /** Address without a slash at the end; the hub library's own when undefined. */
  readonly endpoint?: string;
  /** Folder of the cached repositories. */
  readonly cache: string;
  /** Nothing is asked, only the cache is read. */
  readonly offline: boolean;
  readonly token?: Token;
  /** How long a download may stand still, in milliseconds. */
  readonly stall: number;
  /** How long an answer to a question may take, in milliseconds. */
  readonly patience: number;
}

type Environment = (name: string) => string | undefined;

/**
 * What settings and environment say about the hub: the settings first, then the variables that Python's huggingface_hub
 * reads (HF_ENDPOINT, HF_TOKEN, HF_TOKEN_PATH, HF_HOME, HF_HUB_CACHE, HF_HUB_OFFLINE, HF_HUB_DOWNLOAD_TIMEOUT,
 * HF_HUB_ETAG_TIMEOUT), with the same meaning.
 *
 * @throws {RecipeError} One of them cannot be used.
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
    throw new RecipeError(`Cannot use HF_ENDPOINT = "${text}": it is no address; write https://… or leave it out`);
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
    throw new RecipeError(`Cannot use the token of ${found.from}: no token has such characters; copy it again`);
  }
  return { text, from: found.from };
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // nobody logged in here, or the file is another user's
  }
}

/** `~` and `$NAME` as Python expands them in these variables. */
function expanded(path: string): string {
  const home = path === "~" || path.startsWith("~/") ? homedir() + path.slice(1) : path;
  return home.replace(/\$(\w+)|\$\{(\w+)\}/g, (all, a, b) => Deno.env.get(a ?? b) ?? all);
}

function seconds(name: string, text: string | undefined, usual: number): number {
  const number = text === undefined ? usual : Number(text);
  if (Number.isFinite(number) && number > 0) return 1000 * number;
  throw new RecipeError(`Cannot use ${name} = "${text}": it is no number of seconds; write one above 0`);
}
