// Who imports whom: the direction between the parts of ftx, and no cycles.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { belongs } from "../tools/build/program.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** What every part but these may import. */
const GROUND = ["src/errors.ts", "src/outside.ts", "src/settings"];

/** What is below a whole run. */
const BELOW_RUNS = [
  ...["src/safetensors", "src/tensor", "src/nn", "src/models", "src/weights", "src/adapters", "src/optim"],
  ...["src/trial", "src/tokenizer", "templates", "src/data", "src/hub", "src/report", "src/run"],
];

/** Every part, from the ground up, and the parts that it may import, code or types, besides itself and the ground. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "src/errors.ts": [],
  "src/outside.ts": [],
  "src/settings": ["src/errors.ts", "src/outside.ts"],
  "ffi": [],
  "templates": [],
  "src/safetensors": [],
  "src/libtorch": [],
  "src/net": [],
  "src/trial": ["src/libtorch"],
  "src/tokenizer": ["src/trial", "src/safetensors"],
  "src/run": ["src/net", "src/safetensors"],
  "src/report": ["src/run"],
  "src/hub": ["src/net", "src/run", "src/report", "src/libtorch", "src/tokenizer", "src/safetensors"],
  "src/setup": ["src/libtorch", "src/net", "src/report", "src/run"],
  "src/data": ["src/safetensors", "src/trial", "src/tokenizer", "templates", "src/run", "src/hub"],
  "src/tensor": ["ffi", "src/libtorch"],
  "src/nn": ["src/tensor"],
  "src/models": ["src/tensor", "src/nn"],
  "src/optim": ["src/tensor", "src/nn"],
  "src/weights": ["src/safetensors", "src/tensor", "src/nn", "src/models"],
  "src/adapters": ["src/safetensors", "src/tensor", "src/nn", "src/models", "src/weights"],
  "src/generate": BELOW_RUNS,
  "src/export": BELOW_RUNS,
  "src/train": ["src/tensor", "src/nn", "src/models", "src/adapters", "src/optim", "src/data"],
  "src/recipe": [...BELOW_RUNS, "src/generate", "src/export", "src/train"], // what their settings.ts declare
  "src/stages": [...BELOW_RUNS, "src/train", "src/recipe"],
  "src/prepare": [...BELOW_RUNS, "src/train", "src/recipe", "src/stages"],
  "src/plan": [...BELOW_RUNS, "src/train", "src/recipe", "src/stages", "src/prepare"],
  "src/session": [...BELOW_RUNS, "src/train", "src/recipe", "src/stages", "src/prepare", "src/plan"],
  "src/doctor": ["src/libtorch", "src/setup", "src/hub", "src/report", "src/run", "src/tensor"],
  "src/cli": [
    ...[...BELOW_RUNS, "src/libtorch", "src/setup", "src/doctor"],
    ...["src/generate", "src/export", "src/train", "src/recipe", "src/stages", "src/plan", "src/session"],
  ],
  "main.ts": ["src/cli"],
};

/** The parts that work without libtorch: nothing they load may lead to a tensor. */
const WITHOUT_TENSORS = [
  "src/net",
  "src/libtorch",
  "src/trial",
  "src/setup",
  "src/hub",
  "src/data",
  "src/tokenizer",
  "templates",
  "src/recipe",
  "src/report",
  "src/run",
  "src/safetensors",
];

interface Import {
  to: string;
  isType: boolean;
  isDynamic: boolean;
}

type Graph = ReadonlyMap<string, readonly Import[]>;

/** All source files of the product, by path from the root, and what each imports of them. */
async function moduleGraph(): Promise<Graph> {
  const files = [
    join(ROOT, "main.ts"),
    ...["src", "templates"].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((file) => join(ROOT, folder, file))
    ),
  ].filter((file) => file.endsWith(".ts") && !file.endsWith("_test.ts"));
  const entry = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(entry, files.map((file) => `import "file://${file}";\n`).join(""));
  const args = ["info", "--json", "--config", join(ROOT, "deno.json"), entry];
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), { args }).output();
  await Deno.remove(entry);
  assert.ok(success, new TextDecoder().decode(stderr));
  const pathOf = (url: string | undefined) =>
    url?.startsWith("file://") ? relative(ROOT, fileURLToPath(url)) : undefined;
  const graph = new Map<string, Import[]>();
  for (const { specifier, dependencies = [] } of JSON.parse(new TextDecoder().decode(stdout)).modules) {
    const from = pathOf(specifier);
    if (from === undefined || from.startsWith("..")) continue;
    graph.set(
      from,
      dependencies.flatMap(({ code, type, isDynamic = false }: Dependency) => {
        const to = pathOf((code ?? type)?.specifier);
        return to === undefined || !to.endsWith(".ts") ? [] : [{ to, isType: code === undefined, isDynamic }];
      }),
    );
  }
  return graph;
}

interface Dependency {
  code?: { specifier: string };
  type?: { specifier: string };
  isDynamic?: boolean;
}

/** The part a file belongs to: "src/nn", "templates", or the file itself at the root. */
function partOf(file: string): string {
  const [first, second] = file.split("/");
  return first === "src" ? `src/${second}` : first;
}

function isAllowed(from: string, to: string): boolean {
  const [here, there] = [partOf(from), partOf(to)];
  return here === there || [...GROUND.includes(here) ? [] : GROUND, ...MAY_IMPORT[here] ?? []].includes(there);
}

const graph = await moduleGraph();

Deno.test("imports between the parts go one way", () => {
  const wrong = [...graph].flatMap(([from, imports]) =>
    imports.filter(({ to }) => !isAllowed(from, to)).map(({ to }) => `${from} imports ${to}`)
  );
  assert.deepEqual(wrong, []);
});

Deno.test("every part may import only parts that stand before it in the table", () => {
  const order = Object.keys(MAY_IMPORT);
  for (const [part, below] of Object.entries(MAY_IMPORT)) {
    assert.deepEqual(below.filter((one) => order.indexOf(one) >= order.indexOf(part)), [], part);
  }
});

Deno.test("no module imports itself through others", () => {
  assert.deepEqual(cycles(graph), []);
});

Deno.test("data, templates, recipe, report, run, safetensors and the like load no tensors", () => {
  for (const start of [...graph.keys()].filter((file) => WITHOUT_TENSORS.includes(partOf(file)))) {
    const way = wayTo("src/tensor", start, graph);
    assert.equal(way?.join(" -> "), undefined);
  }
});

Deno.test("ftx --help loads five small modules of ours and no package", async () => {
  const loaded = new Set<string>();
  const load = (file: string) => {
    if (loaded.has(file)) return;
    loaded.add(file);
    for (const { to, isType, isDynamic } of graph.get(file) ?? []) if (!isType && !isDynamic) load(to);
  };
  load("main.ts");
  assert.deepEqual(
    [...loaded].sort(),
    ["main.ts", "src/cli/commands.ts", "src/cli/failure.ts", "src/errors.ts", "src/train/stage_names.ts"],
  );
  for (const file of loaded) assert.doesNotMatch(await Deno.readTextFile(join(ROOT, file)), /^import .* from "[^.]/m);
});

Deno.test("every file that ships is imported by the program: none only supports tests", () => {
  const reached = new Set<string>();
  const reach = (file: string) => {
    if (reached.has(file)) return;
    reached.add(file);
    for (const { to } of graph.get(file) ?? []) reach(to);
  };
  reach("main.ts");
  const shipped = [...graph.keys()].filter((file) => /(?<!\/mod)\.ts$/.test(file) && belongs(file));
  assert.ok(shipped.length > 200);
  assert.deepEqual(shipped.filter((file) => !reached.has(file)), []);
});

Deno.test("importing a module loads nothing but modules: no file has a top-level await", async () => {
  const waiting: string[] = [];
  for (const file of graph.keys()) {
    if (file === "main.ts" || !/^(src|templates)\//.test(file)) continue;
    if (
      /^(?:await|for await|(?:export )?(?:const|let|using) [^=\n]+= await)\b/m.test(
        await Deno.readTextFile(join(ROOT, file)),
      )
    ) waiting.push(file);
  }
  assert.deepEqual(waiting, []);
});

Deno.test("cycles() finds a cycle, and names the modules on it", () => {
  const edge = (to: string): Import => ({ to, isType: false, isDynamic: false });
  const round: Graph = new Map([["a", [edge("b")]], ["b", [edge("c")]], ["c", [edge("b")]]]);
  assert.deepEqual(cycles(round), ["b -> c -> b"]);
});

/** Every cycle met on a walk in depth; imports of types only are no cycles, since nothing of them is left at run time. */
function cycles(graph: Graph): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const walk = (file: string) => {
    const start = path.indexOf(file);
    if (start >= 0) found.push([...path.slice(start), file].join(" -> "));
    if (start >= 0 || done.has(file)) return;
    path.push(file);
    for (const { to, isType } of graph.get(file) ?? []) if (!isType) walk(to);
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) walk(file);
  return found;
}

/** The shortest way of static imports from a file into a part; undefined if there is none. */
function wayTo(part: string, start: string, graph: Graph): string[] | undefined {
  const ways = [[start]];
  const seen = new Set([start]);
  for (const way of ways) {
    for (const { to, isType } of graph.get(way[way.length - 1]) ?? []) {
      if (isType || seen.has(to)) continue;
      seen.add(to);
      if (partOf(to) === part) return [...way, to];
      ways.push([...way, to]);
    }
  }
  return undefined;
}
