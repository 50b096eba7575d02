import { FtxError } from "../errors.ts";
import { type HubPlace, hubPlace } from "../hub/mod.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";

const PATIENCE = 4000; // milliseconds

/** Whether the hub answers. Sends no request if ftx is offline. */
export async function hubFinding(place = hubPlace, patience = PATIENCE): Promise<Finding> {
  const settings = settingsOf(place);
  if ("state" in settings) return settings;
  if (settings.offline) {
    return ok("hub", "not checked: HF_HUB_OFFLINE is set; models come from the cache", { offline: true });
  }
  const url = settings.endpoint ?? (await import("@huggingface/hub")).HUB_URL, begun = performance.now();
  const { host } = new URL(url);
  try {
    const { status, body } = await fetch(url, {
      method: "HEAD",
      redirect: "manual",
      signal: AbortSignal.timeout(patience),
    });
    await body?.cancel();
    const milliseconds = Math.round(performance.now() - begun);
    if (status < 500) return ok("hub", `${host} answers after ${milliseconds} ms`, { host, milliseconds });
    return warning("hub", `${host} answers ${status}`, "try again later; models in the cache still work", {
      host,
      status,
    });
  } catch (error) {
    const why = (error as Error).name === "TimeoutError" ? `within ${patience / 1000} s` : `(${deepest(error)})`;
    const remedy =
      "check the network and the proxy (HTTPS_PROXY), set HF_ENDPOINT to a mirror, or give models as folders";
    return warning("hub", `${host} does not answer ${why}`, remedy, { host });
  }
}

/** Whether there is a token for gated models. Never shows it. */
export function tokenFinding(place = hubPlace): Finding {
  const settings = settingsOf(place);
  if ("state" in settings) return { ...settings, name: "token" };
  const { token } = settings;
  if (token) return ok("token", `found in ${token.from}`, { from: token.from });
  return ok("token", "none: gated models cannot be downloaded (set HF_TOKEN)", { from: null });
}

function settingsOf(place: typeof hubPlace): HubPlace | Finding {
  try {
    return place();
  } catch (error) {
    if (!(error instanceof FtxError)) throw error;
    return problem("hub", error.message.replace(/; .*/, ""), error.message.replace(/.*?; /, ""));
  }
}

function deepest(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? deepest(cause) : message.split(": ").at(-1)!;
}
