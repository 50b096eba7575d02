/** A model that has a short name. */
export interface KnownModel {
  /** Its repository at the hub: `org/name`. */
  readonly hub: string;
  /** The prompt template it was or can be taught with; its tokenizer's own chat template when undefined. */
  readonly template?: string;
}

/** Models by their short names, which are LLaMA-Factory's in small letters. */
export type Family = Readonly<Record<string, KnownModel>>;

/** `models(org, template, "a", "b")`: several of one organisation, each called as its repository is, in small letters. */
export function models(org: string, template: string | undefined, ...names: string[]): Family {
  return Object.fromEntries(names.map((name) => [name.toLowerCase(), { hub: `${org}/${name}`, template }]));
}
