/** One thing a user wants from docker, and the ways to ask for it. */
export interface Intent {
  /** The one right answer; its slots in braces are also in every phrasing: `docker stop {name}`. */
  command: string;
  /**
   * Ways to ask that training sees. One that ends in a full stop or a question mark is a whole sentence; any other
   * is what the user wants to do ("stop {name}") and is put into a frame ("How do I stop {name}?").
   */
  train: string[];
  /** Ways to ask that only the held-out questions use. */
  heldout: string[];
}
