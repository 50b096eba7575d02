const BEGIN = "\x1b[200~", END = "\x1b[201~"; // how a terminal in "bracketed paste" mode frames what is pasted

/** Stands for a line break inside a pasted text while it is edited: a line editor knows one line only. */
export const BREAK = "⏎";

/** Asks the terminal to frame pasted text, and to stop doing so. */
export const FRAME_PASTES = "\x1b[?2004h", UNFRAME_PASTES = "\x1b[?2004l";

/**
 * Turns a terminal's input into input for a line editor in which a pasted text of several lines stays one line, with
 * `BREAK` for each line break. Terminals that do not frame pastes are known by their speed: nobody types a line break
 * and more at once.
 */
export class PasteReader {
  #pasting = false;
  #rest = "";

  /** The part of the input that arrived -> what the editor shall see. */
  take(chunk: string): string {
    let text = this.#rest + chunk, out = "";
    this.#rest = "";
    for (;;) {
      const mark = this.#pasting ? END : BEGIN, at = text.indexOf(mark);
      if (at < 0) break;
      out += this.#part(text.slice(0, at));
      this.#pasting = !this.#pasting;
      text = text.slice(at + mark.length);
    }
    const cut = text.length - partial(text, this.#pasting ? END : BEGIN);
    this.#rest = text.slice(cut);
    return out + this.#part(text.slice(0, cut));
  }

  #part(text: string): string {
    if (this.#pasting) return flat(text);
    const typed = text.match(/^([^]*?)(\r\n?|\n)?$/)!; // a line break at the end is the Enter key
    return /[\r\n]/.test(typed[1]) ? flat(typed[1]) + (typed[2] ?? "") : text;
  }
}

/** How many characters at the end of the text may begin a mark. Two, Escape and "[", begin every arrow key and wait for nobody. */
function partial(text: string, mark: string): number {
  for (let n = mark.length - 1; n > 2; n--) if (text.endsWith(mark.slice(0, n))) return n;
  return 0;
}

// deno-lint-ignore no-control-regex
const flat = (text: string) => text.replace(/\r\n?|\n/g, BREAK).replace(/\t/g, "  ").replace(/[\x00-\x1f\x7f]/g, "");
