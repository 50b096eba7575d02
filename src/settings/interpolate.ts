/** A problem in words, without its place, which the caller of `interpolate` knows. */
export class InterpolationProblem extends Error {}

/**
 * Replaces `${oc.env:NAME}` and `${oc.env:NAME,default}` in text, as OmegaConf does for LLaMA-Factory.
 * Throws InterpolationProblem for a variable that is not set and for anything else in `${...}`.
 */
export function interpolate(text: string, env: Record<string, string | undefined>): string {
  return text.replace(/\$\{([^{}]*)\}/g, (whole, inside: string) => {
    const match = /^\s*oc\.env:\s*([A-Za-z_]\w*)\s*(?:,(.*))?$/s.exec(inside);
    if (!match) throw new InterpolationProblem(`ftx replaces only \${oc.env:NAME}, not ${whole}`);
    const [, name, otherwise] = match;
    const value = env[name] ?? otherwise?.trim();
    if (value !== undefined) return value;
    throw new InterpolationProblem(
      `the environment variable ${name} is not set; set it, or write \${oc.env:${name},default}`,
    );
  });
}
