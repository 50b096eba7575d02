import { RecipeError } from "../errors.ts";

/** `lr_scheduler_kwargs` of one schedule: read key by key, strictly typed, and no key may be left over. */
export class ScheduleOptions {
  readonly #known: string[] = [];

  constructor(readonly schedule: string, readonly values: Readonly<Record<string, unknown>>) {}

  /** One sentence about `key`: `what` is so, `remedy` is to be done. */
  error(key: string, what: string, remedy = "change it"): RecipeError {
    const value = Object.hasOwn(this.values, key) ? ` = ${JSON.stringify(this.values[key])}` : "";
    return new RecipeError(
      `Cannot use lr_scheduler_kwargs with lr_scheduler_type = "${this.schedule}": ${key}${value} ${what}; ${remedy}`,
    );
  }

  /** A finite number (with `steps`: a whole one, at least 0), or `otherwise`. */
  number<D>(key: string, otherwise: D, { steps = false } = {}): number | D {
    const value = this.#take(key);
    if (value === undefined) return otherwise;
    if (typeof value !== "number" || !Number.isFinite(value)) throw this.error(key, "must be a number");
    if (steps && (value < 0 || !Number.isInteger(value))) throw this.error(key, "must be a whole number of at least 0");
    return value;
  }

  /** True or false, or `otherwise`. */
  bool(key: string, otherwise: boolean): boolean {
    const value = this.#take(key) ?? otherwise;
    if (typeof value !== "boolean") throw this.error(key, "must be true or false");
    return value;
  }

  /** One of `choices`, or `otherwise`. */
  choice<C extends string>(key: string, otherwise: C, choices: readonly C[]): C {
    const value = this.#take(key) ?? otherwise;
    if (!choices.includes(value as C)) throw this.error(key, `must be one of ${choices.join(", ")}`);
    return value as C;
  }

  /** Throws where a key was given that nothing has asked for. */
  end(): void {
    const surplus = Object.keys(this.values).find((key) => !this.#known.includes(key));
    const options = this.#known.length ? `choose from ${this.#known.join(", ")}` : "it has none";
    if (surplus !== undefined) throw this.error(surplus, "is not one of its options", options);
  }

  #take(key: string): unknown {
    this.#known.push(key);
    const value = Object.hasOwn(this.values, key) ? this.values[key] : undefined;
    return value === null ? undefined : value;
  }
}
