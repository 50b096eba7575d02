/**
 * Converts a regular expression written for Python's `re`, as adapter configurations contain, to JavaScript.
 *
 * @throws {SyntaxError} It is not a regular expression, or uses a feature that JavaScript does not have.
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
