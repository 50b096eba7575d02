/** A problem in words, thrown by `interpolate`; whoever calls it knows the place. */
export class InterpolationProblem extends Error {}

/**
 * Fills `${oc.env:NAME}` and `${oc.env:NAME,default}` in text, as OmegaConf does for LLaMA-Factory.
 * Throws InterpolationProblem for a variable that is not set and for anything else in `${...}`.
 */
export function interpolate(text: string, env: Record<string, string | undefined>): string {
  return text.replace(/\$\{([^{}]*)\}/g, (whole, inside: string) => {
    const match = /^\s*oc\.env:\s*([A-Za-z_]\w*)\s*(?:,(.*))?$/s.exec(inside);
    if (!match) throw new InterpolationProblem(`ftx fills in \${oc.env:NAME} only, not ${whole}`);
    const [, name, otherwise] = match;
    const value = env[name] ?? otherwise?.trim();
    if (value !== undefined) return value;
    throw new InterpolationProblem(
      `the environment variable ${name} is not set; set it, or write \${oc.env:${name},default}`,
    );
  });
}
