/**
 * A text as a Jinja expression. Pairs of braces and signs are cut in two, because Jinja's readers look for them inside
 * of quotes too: `{%` becomes `'{' + '%'`.
 */
export function quote(text: string): string {
  const pieces = text.split(/(?<=\{)(?=[{%#])|(?<=[}%#])(?=\})/);
  return pieces.map((piece) => `'${piece.replace(/[\\'\n\r\t]/g, (sign) => ESCAPES[sign])}'`).join(" + ");
}

const ESCAPES: Record<string, string> = { "\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Jinja that is not quoted, among texts that are. */
export interface Code {
  readonly code: string;
}

export const code = (text: string): Code => ({ code: text });

/** Texts and code, end to end, as an expression. Empty texts are left out. */
export function joined(...parts: (string | Code)[]): string {
  return parts.filter((part) => part !== "").map((part) => typeof part === "string" ? quote(part) : part.code)
    .join(" + ");
}

/** An output of texts and code, end to end; nothing if all are empty. */
export function say(...parts: (string | Code)[]): string {
  const expression = joined(...parts);
  return expression === "" ? "" : `{{- ${expression} }}`;
}
