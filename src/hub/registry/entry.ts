/** A model that has a short name. */
export interface KnownModel {
  /** Its repository at the hub: `org/name`. */
  readonly hub: string;
  /** The prompt template it was or can be trained with. Default: the chat template of its tokenizer. */
  readonly template?: string;
}

/** Models by their short names, which are LLaMA-Factory's in small letters. */
export type Family = Readonly<Record<string, KnownModel>>;

/** `models(org, template, "a", "b")`: several of one organisation, each named like its repository, in small letters. */
export function models(org: string, template: string | undefined, ...names: string[]): Family {
  return Object.fromEntries(names.map((name) => [name.toLowerCase(), { hub: `${org}/${name}`, template }]));
}

/** What families can be asked for. */
export interface Registry {
  /** Every model, by its short name. */
  readonly MODELS: Family;
  /** The model of a short name, in small letters or LLaMA-Factory's spelling. */
  modelNamed(alias: string): KnownModel | undefined;
  /** The template of a repository, if one of its models is known. */
  templateOf(hubId: string): string | undefined;
}

/** Families, to be looked up by short name and by repository. */
export function registry(...families: Family[]): Registry {
  const all: Family = Object.assign({}, ...families);
  const byHub = new Map(Object.values(all).map((model) => [model.hub.toLowerCase(), model]));
  return {
    MODELS: all,
    modelNamed: (alias) => Object.hasOwn(all, alias.toLowerCase()) ? all[alias.toLowerCase()] : undefined,
    templateOf: (hubId) => byHub.get(hubId.toLowerCase())?.template,
  };
}
