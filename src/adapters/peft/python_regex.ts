/**
 * The JavaScript form of a regular expression written for Python's `re`, which adapters' configurations hold.
 *
 * @throws {SyntaxError} It is none, or uses what JavaScript does not have.
 */
export function pythonRegex(pattern: string): { source: string; flags: string } {
  let flags = "";
  const source = pattern
    .replace(/^\(\?([aimsux]+)\)/, (_, letters: string) => {
      if (/[xau]/.test(letters)) throw new SyntaxError(`the flag (?${letters}) is not known here`);
      flags = letters;
      return "";
    })
    .replaceAll("(?P<", "(?<")
    .replace(/\(\?P=(\w+)\)/g, "\\k<$1>")
    .replace(/(?<!\\)((?:\\\\)*)\\A/g, "$1^")
    .replace(/(?<!\\)((?:\\\\)*)\\Z/g, "$1$");
  new RegExp(source, flags); // throws where JavaScript does not understand it
  return { source, flags };
}

/** `re.fullmatch`: whether the whole of `text` matches. */
export const fullMatch = ({ source, flags }: ReturnType<typeof pythonRegex>, text: string): boolean =>
  new RegExp(`^(?:${source})$`, flags).test(text);
