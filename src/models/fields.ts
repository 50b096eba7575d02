import { CheckpointError, shortened } from "../errors.ts";

/** The largest number accepted as a size: 2^31 - 1. */
export const LARGEST = 2 ** 31 - 1;

type Range = { min?: number; max?: number; above?: number };

/**
 * Reads a JSON object key by key, for `config.json` and `adapter_config.json`. Types are strict, and `null` counts as absent.
 * A value that does not fit is a `CheckpointError` that names the file and the key.
 */
export class Fields {
  readonly #seen = new Set<string>();

  /** `remedy` ends every error message; `prefix` is the path of a nested object ("rope_parameters."). */
  constructor(
    readonly values: Readonly<Record<string, unknown>>,
    readonly file: string,
    readonly remedy = "correct the key",
    readonly prefix = "",
  ) {}

  /** The error for `key`; `what` continues its message after the value ("must be a whole number of at least 1"). */
  error(key: string, what: string, remedy = this.remedy): CheckpointError {
    const value = this.has(key) ? ` = ${shown(this.values[key])}` : "";
    return new CheckpointError(`Cannot use "${this.file}": ${this.prefix}${key}${value} ${what}; ${remedy}`);
  }

  /** Whether `key` is present and not `null`. */
  has(key: string): boolean {
    this.#seen.add(key);
    return Object.hasOwn(this.values, key) && this.values[key] !== null && this.values[key] !== undefined;
  }

  /** A whole number within the range; `otherwise` if the key is absent. */
  int<D>(key: string, otherwise: D, { min = 1, max = LARGEST }: Range = {}): number | D {
    if (!this.has(key)) return otherwise;
    const value = this.values[key];
    if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) {
      throw this.error(key, `must be a whole number from ${min} to ${max}`);
    }
    return value as number;
  }

  /** A finite number within the range (`above` excludes the bound itself); `otherwise` if the key is absent. */
  number<D>(key: string, otherwise: D, { min = -Infinity, max = Infinity, above = -Infinity }: Range = {}): number | D {
    if (!this.has(key)) return otherwise;
    const value = this.values[key];
    if (typeof value !== "number" || !Number.isFinite(value) || value < min || value > max || value <= above) {
      const bounds = [
        above > -Infinity ? `above ${above}` : min > -Infinity ? `of at least ${min}` : "",
        max < Infinity ? `of at most ${max}` : "",
      ].filter(Boolean).join(" and ");
      throw this.error(key, `must be a finite number${bounds && " " + bounds}`);
    }
    return value;
  }

  /** True or false; `otherwise` if the key is absent. */
  bool<D>(key: string, otherwise: D): boolean | D {
    if (!this.has(key)) return otherwise;
    const value = this.values[key];
    if (typeof value !== "boolean") throw this.error(key, "must be true or false");
    return value;
  }

  /** A string; `otherwise` if the key is absent. */
  text<D>(key: string, otherwise: D): string | D {
    if (!this.has(key)) return otherwise;
    const value = this.values[key];
    if (typeof value !== "string") throw this.error(key, "must be a string");
    return value;
  }

  /** One of some strings; `otherwise` if the key is absent. */
  oneOf<T extends string>(key: string, choices: readonly T[], otherwise: T): T {
    const value = this.text(key, otherwise);
    if (!choices.includes(value as T)) throw this.error(key, `must be one of ${choices.join(", ")}`);
    return value as T;
  }

  /** A list of strings; `otherwise` if the key is absent. */
  texts<D>(key: string, otherwise: D): string[] | D {
    if (!this.has(key)) return otherwise;
    const value = this.values[key];
    if (!Array.isArray(value) || value.some((entry) => typeof entry !== "string")) {
      throw this.error(key, "must be a list of strings");
    }
    return value;
  }

  /** A JSON object; `otherwise` if the key is absent. */
  object<D>(key: string, otherwise: D): Record<string, unknown> | D {
    if (!this.has(key)) return otherwise;
    const value = this.values[key];
    if (typeof value !== "object" || Array.isArray(value)) throw this.error(key, "must be an object");
    return value as Record<string, unknown>;
  }

  /** The JSON object at `key` as `Fields`; undefined if the key is absent. */
  nested(key: string): Fields | undefined {
    const value = this.object(key, undefined);
    return value && new Fields(value, this.file, this.remedy, `${this.prefix}${key}.`);
  }

  /** Keys that were never read, without those in `meaningless`. */
  unknown(meaningless: Iterable<string> = []): string[] {
    const known = new Set(meaningless);
    return Object.keys(this.values).filter((key) => !this.#seen.has(key) && !known.has(key));
  }
}

/** A value as JSON, cut to 60 characters so that a hostile file cannot fill the screen. */
function shown(value: unknown): string {
  return shortened(typeof value === "number" ? String(value) : JSON.stringify(value) ?? String(value), 60);
}
