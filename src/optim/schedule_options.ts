import { RecipeError } from "../errors.ts";

/** Reads the `lr_scheduler_kwargs` of one schedule key by key. Checks types, and that no key is left over. */
export class ScheduleOptions {
  readonly #known: string[] = [];

  constructor(readonly schedule: string, readonly values: Readonly<Record<string, unknown>>) {}

  /** The error about `key`: `what` is wrong with it, and `remedy` is what to do. */
  error(key: string, what: string, remedy = "change it"): RecipeError {
    const value = Object.hasOwn(this.values, key) ? ` = ${JSON.stringify(this.values[key])}` : "";
    return new RecipeError(
      `Cannot use lr_scheduler_kwargs with lr_scheduler_type = "${this.schedule}": ${key}${value} ${what}; ${remedy}`,
    );
  }

  /** A finite number, or `otherwise` if the key is absent. With `steps`, it must be whole and at least 0. */
  number<D>(key: string, otherwise: D, { steps = false } = {}): number | D {
    const value = this.#take(key);
    if (value === undefined) return otherwise;
    if (typeof value !== "number" || !Number.isFinite(value)) throw this.error(key, "must be a number");
    if (steps && (value < 0 || !Number.isInteger(value))) throw this.error(key, "must be a whole number of at least 0");
    return value;
  }

  /** True or false, or `otherwise` if the key is absent. */
  bool(key: string, otherwise: boolean): boolean {
    const value = this.#take(key) ?? otherwise;
    if (typeof value !== "boolean") throw this.error(key, "must be true or false");
    return value;
  }

  /** One of `choices`, or `otherwise` if the key is absent. */
  choice<C extends string>(key: string, otherwise: C, choices: readonly C[]): C {
    const value = this.#take(key) ?? otherwise;
    if (!choices.includes(value as C)) throw this.error(key, `must be one of ${choices.join(", ")}`);
    return value as C;
  }

  /** Throws if there is a key that was never asked for. Call it last. */
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
