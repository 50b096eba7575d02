import type { Template } from "../../../templates/mod.ts";
import type { Tokenizer } from "../../tokenizer/mod.ts";
import type { DatasetInfo } from "../catalogue/info.ts";
import type { Document } from "../sets/documents.ts";
import type { DataSettings, TemplateSettings } from "../settings.ts";

/**
 * How the rows of a data set become rows of documents. A stage names the task that it learns from; everything that data
 * does differently for one stage than for another is here.
 *
 * `Content` is what a row says once its columns are known, `Options` what decides how that becomes ids.
 */
export interface Task<Content = any, Options = any> {
  /** Part of the cache's key. */
  readonly name: string;
  /** Whether a template writes the text. Without one, tokens keep the tokenizer's own EOS and no chat can follow. */
  readonly usesTemplate: boolean;
  /**
   * What `packing` does. `rows`: fills rows of `cutoff_len` with whole examples, when it is asked for. `blocks`: joins the
   * texts and cuts them into rows of `cutoff_len`, unless it is turned off. Left out where rows cannot be packed.
   */
  readonly packing?: "rows" | "blocks";
  /** What the documents of a row are, where a row has several: previews show each under its name. */
  readonly parts?: readonly string[];
  /**
   * The format of a data set, settled by its first row. Throws `DataError` that names the columns there are where the task
   * cannot use them.
   *
   * @param note hears what of the data is not used; users are told once for each data set
   */
  format(info: DatasetInfo, first: Record<string, unknown>, note?: Note): Format<Content>;
  /**
   * The settings that decide the ids: they go into the cache's key, and `encode` sees no others. Throws `RecipeError` for
   * settings that do not fit the template.
   */
  options(settings: EncodeSettings, template: Template): Options;
  /** Encodes many rows in few calls of the tokenizer; one result for each, in order. */
  encode(contents: Content[], options: Options, writing: Writing): Promise<EncodedRow[]>;
}

/** Reads a row; throws `RowError` for one that cannot be used. */
export type Format<Content> = (row: Record<string, unknown>) => Content;

/** Hears a sentence about a data set, without its name. */
export type Note = (sentence: string) => void;

/** The settings that may decide how rows are encoded. `Recipe` has them all. */
export type EncodeSettings =
  & Pick<DataSettings, "cutoffLen" | "packing" | "trainOnPrompt" | "maskHistory">
  & Pick<TemplateSettings, "splitSpecialTokens">;

/** What text is written and tokenised with. */
export interface Writing {
  readonly template: Template;
  readonly tokenizer: Tokenizer;
}

/** A row as documents, and numbers of the row by name, the same names for every row; or why it cannot be learned from. */
export type EncodedRow =
  | {
    readonly documents: readonly Document[];
    readonly tags?: Readonly<Record<string, number>>;
    /** Whether it was shortened to fit `cutoff_len`, and whether its system prompt was. */
    readonly cut: boolean | "system";
  }
  | { readonly dropped: string };
