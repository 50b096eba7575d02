const BEGIN = "\x1b[200~", END = "\x1b[201~"; // how a terminal in "bracketed paste" mode frames pasted text

/** Stands for a line break inside a pasted text while it is edited: a line editor has only one line. */
export const BREAK = "⏎";

/** Asks the terminal to frame pasted text, and to stop doing so. */
export const FRAME_PASTES = "\x1b[?2004h", UNFRAME_PASTES = "\x1b[?2004l";

/**
 * Turns a terminal's input into input for a line editor in which a pasted text of several lines stays one line, with
 * `BREAK` for each line break. Pastes that a terminal does not frame are recognised by their speed: nobody types a line
 * break and more at once.
 */
export class PasteReader {
  #pasting = false;
  #rest = "";

  /** Takes the input that arrived; returns what to give the editor. */
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

/** Characters at the end of the text that may begin a mark. Escape and "[" alone do not count: every arrow key begins so. */
function partial(text: string, mark: string): number {
  for (let n = mark.length - 1; n > 2; n--) if (text.endsWith(mark.slice(0, n))) return n;
  return 0;
}

// deno-lint-ignore no-control-regex
const flat = (text: string) => text.replace(/\r\n?|\n/g, BREAK).replace(/\t/g, "  ").replace(/[\x00-\x1f\x7f]/g, "");
