/** What `ftx help` says of a command. */
export interface About {
  readonly summary: string;
  /** What follows its name. */
  readonly usage: string;
}
