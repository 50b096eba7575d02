/** The state of something that runs need: fine; usable with a drawback; or such that runs cannot work. */
export type State = "ok" | "warning" | "problem";

/** The result of one check. */
export interface Finding {
  /** What was checked: "libtorch", "cache". */
  name: string;
  state: State;
  /** What was found. */
  text: string;
  /** What to do about it. Every warning and problem has one. */
  remedy?: string;
  /** The same for programs: names and plain numbers. */
  facts?: Record<string, unknown>;
}

/** A finding: all is well. */
export function ok(name: string, text: string, facts?: Finding["facts"]): Finding {
  return { name, state: "ok", text, ...facts && { facts } };
}

/** A finding: runs work, with a drawback. */
export function warning(name: string, text: string, remedy: string, facts?: Finding["facts"]): Finding {
  return { name, state: "warning", text, remedy, ...facts && { facts } };
}

/** A finding: runs cannot work. */
export function problem(name: string, text: string, remedy: string, facts?: Finding["facts"]): Finding {
  return { name, state: "problem", text, remedy, ...facts && { facts } };
}
