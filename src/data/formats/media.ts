import type { DatasetInfo } from "../catalogue/info.ts";
import { isHollow, SetError, textsIn } from "../sources/row.ts";

type Values = Record<string, unknown>;

/** Columns and keys that hold pictures, films and sounds. */
const MEDIA = ["image", "images", "video", "videos", "audio", "audios"];

const ADVICE = "and ftx learns from text alone; use a data set without media";

/** What marks the place of a picture, film or sound in a text. */
export const PLACEHOLDER = /<(?:image|video|audio)>/;

/**
 * Throws `SetError` for a row with media: in a column that dataset_info.json names as such, in one of the usual name where no
 * entry describes the columns, or in one that a placeholder in the text belongs to. Empty columns are as good as none.
 */
export function refuseMedia({ formatting, columns }: DatasetInfo, row: Values): void {
  const named = formatting === "detect" ? MEDIA : [columns.images, columns.videos, columns.audios];
  const column = named.find((name) => name !== undefined && !isHollow(row[name]));
  if (column !== undefined) throw new SetError(`its column "${column}" holds media, ${ADVICE}`);
  const beside = MEDIA.find((name) => !isHollow(row[name]));
  if (beside === undefined) return;
  for (const text of textsIn(row)) {
    const [mark] = text.match(PLACEHOLDER) ?? [];
    if (mark !== undefined) throw new SetError(`its text has ${mark} for the column "${beside}", ${ADVICE}`);
  }
}

/** Throws `SetError` for a message that carries media beside its text, as Ollama and OpenAI write it. */
export function refuseMediaIn(message: Values, place: string): void {
  const key = MEDIA.find((name) => !isHollow(message[name]));
  if (key !== undefined) throw new SetError(`${place} holds "${key}", ${ADVICE}`);
}

/** Throws `SetError` where a part of a message is of a type of media. */
export function refuseMediaType(type: unknown, place: string): void {
  if (typeof type !== "string" || !/image|video|audio/.test(type)) return;
  throw new SetError(`${place} has a part of type "${type}", ${ADVICE}`);
}
