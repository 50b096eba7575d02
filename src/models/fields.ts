import { CheckpointError } from "../errors.ts";

/** The largest size that a configuration may name: 2^31 - 1. */
export const LARGEST = 2 ** 31 - 1;

type Range = { min?: number; max?: number; above?: number };

/**
 * A JSON object read key by key: types are strict, `null` counts as absent, and what does not fit is one sentence that
 * names the file and the key. Used for `config.json` and `adapter_config.json`.
 */
export class Fields {
  readonly #seen = new Set<string>();

  /** `remedy` closes every sentence; `prefix` names the object that a nested one lies in ("rope_parameters."). */
  constructor(
    readonly values: Readonly<Record<string, unknown>>,
    readonly file: string,
    readonly remedy = "correct the key",
    readonly prefix = "",
  ) {}

  /** The error for `key`: `what` is said of the value ("must be a whole number of at least 1"). */
  error(key: string, what: string, remedy = this.remedy): CheckpointError {
    const value = this.has(key) ? ` = ${shown(this.values[key])}` : "";
    return new CheckpointError(`Cannot use "${this.file}": ${this.prefix}${key}${value} ${what}; ${remedy}`);
  }

  /** Whether `key` is there and not `null`. */
  has(key: string): boolean {
    this.#seen.add(key);
    return Object.hasOwn(this.values, key) && this.values[key] !== null && this.values[key] !== undefined;
  }

  /** A whole number within `range`, or `otherwise` where the key is absent. */
  int<D>(key: string, otherwise: D, { min = 1, max = LARGEST }: Range = {}): number | D {
    if (!this.has(key)) return otherwise;
    const value = this.values[key];
    if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) {
      throw this.error(key, `must be a whole number from ${min} to ${max}`);
    }
    return value as number;
  }

  /** A finite number within `range` (`above` leaves the bound itself out), or `otherwise`. */
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

  /** True or false, or `otherwise`. */
  bool<D>(key: string, otherwise: D): boolean | D {
    if (!this.has(key)) return otherwise;
    const value = this.values[key];
    if (typeof value !== "boolean") throw this.error(key, "must be true or false");
    return value;
  }

  /** A string, or `otherwise`. */
  text<D>(key: string, otherwise: D): string | D {
    if (!this.has(key)) return otherwise;
    const value = this.values[key];
    if (typeof value !== "string") throw this.error(key, "must be a string");
    return value;
  }

  /** A list of strings, or `otherwise`. */
  texts<D>(key: string, otherwise: D): string[] | D {
    if (!this.has(key)) return otherwise;
    const value = this.values[key];
    if (!Array.isArray(value) || value.some((entry) => typeof entry !== "string")) {
      throw this.error(key, "must be a list of strings");
    }
    return value;
  }

  /** A JSON object, or `otherwise`. */
  object<D>(key: string, otherwise: D): Record<string, unknown> | D {
    if (!this.has(key)) return otherwise;
    const value = this.values[key];
    if (typeof value !== "object" || Array.isArray(value)) throw this.error(key, "must be an object");
    return value as Record<string, unknown>;
  }

  /** The object under `key` as fields of its own, or undefined. */
  nested(key: string): Fields | undefined {
    const value = this.object(key, undefined);
    return value && new Fields(value, this.file, this.remedy, `${this.prefix}${key}.`);
  }

  /** Keys that nobody asked for, but for those in `meaningless`. Said once, as a note. */
  unknown(meaningless: Iterable<string> = []): string[] {
    const known = new Set(meaningless);
    return Object.keys(this.values).filter((key) => !this.#seen.has(key) && !known.has(key));
  }
}

/** A value as JSON, cut to 60 characters: a hostile file must not fill the screen. */
function shown(value: unknown): string {
  const text = typeof value === "number" ? String(value) : JSON.stringify(value) ?? String(value);
  return text.length > 60 ? text.slice(0, 59) + "…" : text;
}
