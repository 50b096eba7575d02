// The package index of this machine, from pip's configuration; pip itself need not be installed.

import { homedir } from "node:os";
import { type Environment, exists, read } from "../libtorch/mod.ts";
import { own } from "../outside.ts";
import { Client, type RetryOptions } from "../net/mod.ts";

/** Where packages come from. */
export interface IndexSettings {
  /** Addresses of indexes (https, http or file), without a slash at the end; all of them are used. */
  indexes: string[];
  /** Folders and pages that hold packages themselves. */
  findLinks: string[];
  /** A file with certificates to trust, in addition to the runtime's. */
  cert?: string;
  /** The proxy for all requests. Default: that of HTTPS_PROXY and NO_PROXY. */
  proxy?: string;
}

/** The files that pip reads its configuration from; later ones override earlier ones. */
export function configFiles(env: Environment): string[] {
  const home = env.HOME || homedir();
  if (env.PIP_CONFIG_FILE === "/dev/null") return [];
  return [
    ...(env.XDG_CONFIG_DIRS || "/etc/xdg").split(":").map((folder) => `${folder}/pip/pip.conf`),
    "/etc/pip.conf",
    ...env.PIP_CONFIG_FILE ? [] : [`${home}/.pip/pip.conf`, `${env.XDG_CONFIG_HOME || `${home}/.config`}/pip/pip.conf`],
    ...env.VIRTUAL_ENV ? [`${env.VIRTUAL_ENV}/pip.conf`] : [],
    ...env.PIP_CONFIG_FILE ? [env.PIP_CONFIG_FILE] : [],
  ];
}

/**
 * pip's settings, from PIP_INDEX_URL and the like, or else from its configuration files.
 *
 * @param options.indexUrl used instead of all configured places
 * @param options.usual gives the index if none is configured. Default: asks pip for its own
 */
export async function indexSettings(
  env: Environment,
  { indexUrl, files = configFiles(env), usual = pipsOwn }: {
    indexUrl?: string;
    files?: string[];
    usual?: () => Promise<string | undefined>;
  } = {},
): Promise<IndexSettings> {
  const stored = Object.assign({}, ...files.map((path) => parseConfig(read(path) ?? ""))) as Record<string, string>;
  const get = (name: string) => env[`PIP_${name.toUpperCase().replaceAll("-", "_")}`] || own(stored, name) || "";
  const words = (name: string) => get(name).split(/\s+/).filter(Boolean);
  const cert = get("cert") || env.REQUESTS_CA_BUNDLE || env.SSL_CERT_FILE;
  const settings = { findLinks: words("find-links"), ...cert && { cert }, ...get("proxy") && { proxy: get("proxy") } };
  if (indexUrl) return { ...settings, indexes: [bare(indexUrl)], findLinks: [] };
  if (/^(1|true|yes|on)$/i.test(get("no-index"))) return { ...settings, indexes: [] };
  const main = get("index-url") || await usual();
  return { ...settings, indexes: [...main ? [main] : [], ...words("extra-index-url")].map(bare) };
}

/** The settings of a pip.conf, by name, that `pip download` uses: of [global], then [install], then [download]. */
export function parseConfig(text: string): Record<string, string> {
  const sections = new Map<string, Map<string, string>>();
  let section = new Map<string, string>(), name = "";
  for (const line of text.split("\n")) {
    if (/^\s*([#;]|$)/.test(line)) continue;
    const [, title] = line.match(/^\[(.+?)\]/) ?? [];
    const [, key, value] = line.match(/^([\w-]+)\s*[=:]\s*(.*?)\s*$/) ?? [];
    if (title !== undefined) sections.set(title, section = sections.get(title) ?? new Map());
    else if (key !== undefined) section.set(name = key.replaceAll("_", "-"), value);
    else if (/^\s/.test(line) && name) section.set(name, `${section.get(name)} ${line.trim()}`); // an indented line continues a list
  }
  return Object.fromEntries(["global", "install", "download"].flatMap((title) => [...sections.get(title) ?? []]));
}

/** The index that pip uses if none is configured, which its help names; undefined if there is no pip. */
async function pipsOwn(): Promise<string | undefined> {
  for (const [program, ...words] of [["python3", "-m", "pip"], ["pip3"], ["pip"]]) {
    try {
      const args = [...words, "download", "--help"];
      const { stdout } = await new Deno.Command(program, { args, stderr: "null" }).output();
      const index = new TextDecoder().decode(stdout).match(/--index-url[^(]*\(default\s+(https?:[^\s)]+)\)/)?.[1];
      if (index) return index;
    } catch {
      continue; // no such program
    }
  }
}

function bare(url: string): string {
  return url.replace(/\/+$/, "");
}

// Certificates that an administrator added are in one of these; they are trusted in addition to the runtime's.
const SYSTEM = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];

/** A client with the certificates and the proxy of the settings. Dispose it. */
export function indexClient({ cert, proxy }: Pick<IndexSettings, "cert" | "proxy">, options?: RetryOptions): Client {
  const trusted = cert ?? SYSTEM.find(exists);
  const http = trusted || proxy
    ? Deno.createHttpClient({
      ...trusted && { caCerts: [Deno.readTextFileSync(trusted)] },
      ...proxy && { proxy: { url: /^\w+:\/\//.test(proxy) ? proxy : `http://${proxy}` } },
    })
    : undefined;
  return new Client({ tries: 8, ...options, http });
}
