import { join } from "node:path";
import { RecipeError } from "../errors.ts";

/** A repository of a hub at a revision. */
export interface Repository {
  readonly kind: "model" | "dataset";
  /** `org/name`; data sets from the hub's first years have no org. */
  readonly id: string;
  /** Branch, tag or commit. */
  readonly revision: string;
}

const PART = "[A-Za-z0-9_](?:[\\w.-]{0,94}[A-Za-z0-9_])?";
const ID = new RegExp(`^${PART}/${PART}$`);
const BARE = new RegExp(`^${PART}$`);
const REVISION = /^[A-Za-z0-9_][\w./+-]{0,199}$/; // it becomes a file name

/** Whether a revision is a commit, which never changes. */
export const isCommit = (revision: string) => /^[0-9a-f]{40}$/.test(revision);

/**
 * The repository that `org/name` or `org/name@revision` stands for; undefined if the text cannot be the name of one.
 *
 * @param revision the revision if the text has none
 * @param bare whether a name without an org is accepted
 * @throws {RecipeError} The revision is not valid, or there are two different ones.
 */
export function repositoryNamed(
  text: string,
  kind: Repository["kind"],
  { revision = "main", bare = false } = {},
): Repository | undefined {
  const [id, inline] = text.split(/@(.*)/s);
  if (!(ID.test(id) || bare && BARE.test(id)) || /--|\.\.|\.git$/.test(id)) return undefined;
  if (inline !== undefined && revision !== "main" && inline !== revision) {
    throw new RecipeError(
      `Cannot use model_revision = "${revision}" with "${text}": it names another revision; choose one`,
    );
  }
  const wanted = inline ?? revision;
  if (!REVISION.test(wanted) || /\.\.|\/\/|\/$|\.lock$/.test(wanted)) {
    throw new RecipeError(`Cannot use revision "${wanted}" of "${id}": no branch, tag or commit has such a name`);
  }
  return { kind, id, revision: wanted };
}

/** The folder of a repository in a cache: `models--org--name`. */
export function folderOf({ kind, id }: Pick<Repository, "kind" | "id">, cache: string): string {
  return join(cache, `${kind}s--${id.replaceAll("/", "--")}`);
}

/** What messages call a repository: its id, with its revision unless that is `main`. */
export function nameOf({ id, revision }: Repository): string {
  return revision === "main" ? id : `${id}@${revision}`;
}
