import { cannot } from "./files.ts";

const MODELS = ["BPE", "WordPiece", "WordLevel", "Unigram"];
const HIGHEST_ID = 2 ** 24;
const DEEPEST = 32; // levels of nested normalizers and pre-tokenizers
const AGAIN = "download the file again";

/**
 * Refuses a tokenizer.json that would make the native library hang, crash or use one id for two tokens. The native
 * library itself refuses the rest, such as unknown components.
 */
export function checkTokenizer(path: string, json: Record<string, unknown>): void {
  const model = json.model as Record<string, unknown> | undefined;
  if (typeof model !== "object" || model === null) throw cannot(path, `it has no "model"`, AGAIN);
  if (model.type !== undefined && !MODELS.includes(model.type as string)) {
    throw cannot(path, `its model type "${model.type}" is unknown`, `use a tokenizer of type ${MODELS.join(", ")}`);
  }
  if (depth(json) > DEEPEST) throw cannot(path, `it is nested more than ${DEEPEST} levels deep`, AGAIN);
  const ids = vocabularyIds(path, model);
  checkAddedTokens(path, json.added_tokens, ids);
  if (Array.isArray(model.merges)) checkMerges(path, model.merges, model.vocab as Record<string, number>);
}

/** The model's vocabulary: tokens by id. */
function vocabularyIds(path: string, model: Record<string, unknown>): Map<number, string> {
  const ids = new Map<number, string>();
  const put = (token: string, id: unknown) => {
    checkId(path, token, id);
    const other = ids.get(id as number);
    if (other !== undefined) throw cannot(path, `the tokens "${other}" and "${token}" have the same id ${id}`, AGAIN);
    ids.set(id as number, token);
  };
  const vocab = model.vocab;
  if (Array.isArray(vocab)) {
    vocab.forEach((entry, id) => {
      if (!Array.isArray(entry) || typeof entry[0] !== "string" || !Number.isFinite(entry[1])) {
        throw cannot(path, `entry ${id} of its vocabulary is not a piece with a finite score`, AGAIN);
      }
      put(entry[0], id);
    });
  } else if (typeof vocab === "object" && vocab !== null) {
    for (const [token, id] of Object.entries(vocab)) put(token, id);
  } else throw cannot(path, "its model has no vocabulary", AGAIN);
  if (ids.size === 0) throw cannot(path, "its vocabulary is empty", AGAIN);
  return ids;
}

function checkAddedTokens(path: string, added: unknown, ids: Map<number, string>): void {
  if (added === undefined || added === null) return;
  if (!Array.isArray(added)) throw cannot(path, `"added_tokens" is not a list`, AGAIN);
  const seen = new Map<number, string>();
  for (const token of added) {
    if (typeof token?.content !== "string" || token.content === "") {
      throw cannot(path, "it has an added token without text", AGAIN);
    }
    checkId(path, token.content, token.id);
    const other = seen.get(token.id) ?? ids.get(token.id);
    if (other !== undefined && other !== token.content) {
      throw cannot(path, `the tokens "${other}" and "${token.content}" have the same id ${token.id}`, AGAIN);
    }
    seen.set(token.id, token.content);
  }
}

function checkId(path: string, token: string, id: unknown): void {
  if (Number.isInteger(id) && (id as number) >= 0 && (id as number) <= HIGHEST_ID) return;
  throw cannot(path, `the token "${token}" has the id ${id}, which is not an integer from 0 to ${HIGHEST_ID}`, AGAIN);
}

/** Each merge is two pieces, written "a b" or ["a", "b"], whose pieces and product are in the vocabulary. */
function checkMerges(path: string, merges: unknown[], vocab: Record<string, number>): void {
  merges.forEach((merge, i) => {
    const pieces = typeof merge === "string" ? merge.split(" ") : merge;
    if (!Array.isArray(pieces) || pieces.length !== 2) {
      throw cannot(path, `merge ${i + 1} does not have exactly two pieces`, AGAIN);
    }
    const unknown = pieces.find((piece) => !Object.hasOwn(vocab, piece));
    if (unknown !== undefined) {
      throw cannot(path, `merge ${i + 1} names the piece "${unknown}", which has no id`, AGAIN);
    }
  });
}

function depth(value: unknown, limit = DEEPEST + 1): number {
  if (typeof value !== "object" || value === null) return 0;
  if (limit === 0) return 1;
  let deepest = 0;
  for (const key in value) {
    const child = (value as Record<string, unknown>)[key];
    if (typeof child === "object" && child !== null) deepest = Math.max(deepest, depth(child, limit - 1));
  }
  return 1 + deepest;
}
