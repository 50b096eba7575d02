/** How it is with one thing that runs need: fine; usable, but worse than it could be; or runs cannot work. */
export type State = "ok" | "warning" | "problem";

/** What a look at one thing found. */
export interface Finding {
  /** The thing: "libtorch", "disk". */
  name: string;
  state: State;
  /** What is so. */
  text: string;
  /** What to do about it; every warning and every problem has one. */
  remedy?: string;
  /** The same for programs: numbers and names, without units in the text. */
  facts?: Record<string, unknown>;
}

/** A finding that is fine. */
export function ok(name: string, text: string, facts?: Finding["facts"]): Finding {
  return { name, state: "ok", text, ...facts && { facts } };
}

/** A finding that lets runs work, worse than they could. */
export function warning(name: string, text: string, remedy: string, facts?: Finding["facts"]): Finding {
  return { name, state: "warning", text, remedy, ...facts && { facts } };
}

/** A finding that keeps runs from working. */
export function problem(name: string, text: string, remedy: string, facts?: Finding["facts"]): Finding {
  return { name, state: "problem", text, remedy, ...facts && { facts } };
}
