/**
 * JSON as Python's `json.dumps(value, ensure_ascii=False)` writes it, which is what models were trained on: a space after
 * each comma and colon, or one entry a line with `indent`.
 */
export function pythonJson(value: unknown, indent?: number): string {
  return indent === undefined ? inline(value) : JSON.stringify(value, null, indent);
}

function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}: ${inline(entry)}`).join(", ")}}`;
}
