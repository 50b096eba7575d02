import assert from "node:assert/strict";
import { folderOf, nameOf, repositoryNamed } from "./repository.ts";

Deno.test("repositoryNamed() reads org/name and org/name@revision", () => {
  assert.deepEqual(repositoryNamed("org/name", "model"), { kind: "model", id: "org/name", revision: "main" });
  assert.equal(repositoryNamed("org/name@v1.0", "model")?.revision, "v1.0");
  assert.equal(repositoryNamed("org/name@refs/convert/parquet", "dataset")?.revision, "refs/convert/parquet");
  assert.equal(repositoryNamed("org/name", "model", { revision: "v2" })?.revision, "v2");
  assert.equal(repositoryNamed("org/name@v2", "model", { revision: "v2" })?.revision, "v2");
  assert.equal(repositoryNamed("imdb", "dataset", { bare: true })?.id, "imdb");
});

Deno.test("repositoryNamed() takes no path for a name", () => {
  const others = [
    "name",
    "./org/name",
    "../name",
    "/org/name",
    "~/name",
    "org/",
    "a/b/c",
    "a b/c",
    "org/..",
    "org/na--me",
    "org/x.git",
    "-a/b",
    "a/b.",
    ".a/b",
  ];
  for (const text of others) assert.equal(repositoryNamed(text, "model"), undefined, text);
});

Deno.test("repositoryNamed() refuses revisions that are none, and two of them", () => {
  for (const revision of ["", "..", "a/../b", "/a", "a//b", "a/", "-x", "a\0", "x.lock", "a b"]) {
    assert.throws(() => repositoryNamed(`org/name@${revision}`, "model"), {
      name: "RecipeError",
      message: `Cannot use revision "${
        revision.replace("\0", "")
      }" of "org/name": no branch, tag or commit has such a name`,
    });
  }
  assert.throws(() => repositoryNamed("org/name@a", "model", { revision: "b" }), {
    message: 'Cannot use model_revision = "b" with "org/name@a": it names another revision; choose one',
  });
});

Deno.test("folderOf() and nameOf() give the names in the cache and in sentences", () => {
  const repository = repositoryNamed("org/name@v1", "dataset")!;
  assert.equal(folderOf(repository, "/c"), "/c/datasets--org--name");
  assert.equal(nameOf(repository), "org/name@v1");
  assert.equal(nameOf({ ...repository, revision: "main" }), "org/name");
});
