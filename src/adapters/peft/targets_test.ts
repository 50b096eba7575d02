import assert from "node:assert/strict";
import { LORA_DEFAULTS, loraConfig } from "./config.ts";
import { shortestNames } from "./endings.ts";
import { type AdaptedModule, linearNames, matchTargets } from "./targets.ts";

// Made by tests/parity/peft_targets.py from PEFT.
const fixture = JSON.parse(
  Deno.readTextFileSync(new URL("../../../tests/parity/fixtures/peft_targets.json", import.meta.url)),
);
const modules: AdaptedModule[] = fixture.modules.map(([path, kind]: [string, AdaptedModule["kind"]]) => ({
  path,
  kind,
}));
const index = new Map(modules.map(({ path }, i) => [path, i]));

for (const { family, settings, refused, branches, saved, written } of fixture.cases) {
  Deno.test(`matchTargets() chooses as PEFT does: ${family} ${JSON.stringify(settings).slice(0, 150)}`, () => {
    const { config } = loraConfig({ peft_type: "LORA", task_type: "CAUSAL_LM", ...settings });
    if (refused) return assert.throws(() => matchTargets(modules, config, { family }), { name: "CheckpointError" });
    const ours = matchTargets(modules, config, { family });
    assert.deepEqual(
      [...ours.branches].map((
        [path, { rank, alpha, rslora }],
      ) => [index.get(path), rank, alpha, alpha / (rslora ? Math.sqrt(rank) : rank)]),
      branches,
    );
    assert.deepEqual(ours.saved.map((path) => index.get(path)), saved);
    const { targetModules } = ours;
    assert.deepEqual(Array.isArray(targetModules) ? [...targetModules].sort() : targetModules, written);
  });
}

const target = (change: Partial<typeof LORA_DEFAULTS>) => () => matchTargets(modules, { ...LORA_DEFAULTS, ...change });

Deno.test("matchTargets() notes settings that match nothing", () => {
  const { notes } = target({
    targetModules: ["q_proj", "nowhere"],
    excludeModules: ["no"],
    rankPattern: { v_proj: 3 },
    alphaPattern: { q_proj: 3 },
    modulesToSave: ["classifier"],
  })();
  assert.deepEqual(notes, [
    "target_modules: nothing matches nowhere",
    "exclude_modules: nothing matches no",
    "rank_pattern: no module takes its number from v_proj",
    "modules_to_save: nothing matches classifier",
  ]);
});

const remedy = "choose from down_proj, gate_proj, k_proj, o_proj, q_proj, up_proj, v_proj";
const bad: [Partial<typeof LORA_DEFAULTS>, string][] = [
  [{ targetModules: ["c_attn"] }, `Cannot use target_modules: no module of the model matches ["c_attn"]; ${remedy}`],
  [
    { targetModules: ["q_proj"], layersToTransform: [9] },
    `Cannot use target_modules: no module of the model matches ["q_proj"] in layers 9; ${remedy}`,
  ],
  [
    { targetModules: ["q_proj"], excludeModules: "model.*" },
    'Cannot use target_modules: no module of the model matches ["q_proj"] once exclude_modules and modules_to_save ' +
    `are left out; ${remedy}`,
  ],
  [
    { targetModules: ["mlp"] },
    'Cannot use target_modules: "model.layers.0.mlp" is neither a linear layer nor an embedding; ' +
    "correct adapter_config.json or lora_target",
  ],
  [
    { targetModules: "(" },
    'Cannot use target_modules: "(" is not an expression that ftx can match (missing closing )); ' +
    "correct adapter_config.json or lora_target",
  ],
  [
    { targetModules: null },
    "Cannot use target_modules: it is null, and this family has no default; " +
    "correct adapter_config.json or lora_target",
  ],
];
for (const [change, message] of bad) {
  Deno.test(`matchTargets() refuses ${JSON.stringify(change)}`, () => {
    assert.throws(target(change), { name: "CheckpointError", message });
  });
}

const NESTED = "(([a-z0-9._])+)+X";
const hostile: [string, Partial<typeof LORA_DEFAULTS>][] = [
  ["target_modules", { targetModules: NESTED }],
  ["exclude_modules", { targetModules: ["q_proj"], excludeModules: NESTED }],
  ["modules_to_save", { targetModules: ["q_proj"], modulesToSave: [NESTED] }],
  ["rank_pattern", { targetModules: ["q_proj"], rankPattern: { [NESTED]: 2 } }],
  ["alpha_pattern", { targetModules: ["q_proj"], alphaPattern: { [NESTED]: 2 } }],
  ["layers_pattern", { targetModules: ["q_proj"], layersToTransform: [0], layersPattern: [NESTED] }],
  ["200,000 targets", { targetModules: Array.from({ length: 200_000 }, (_, i) => `layers.${i}.self_attn.q_proj`) }],
  ["a target of 200,000 parts", { targetModules: ["a.".repeat(200_000), ...Array(20).fill("q_proj")] }],
  ["200,000 excluded modules", {
    targetModules: ["q_proj"],
    excludeModules: Array.from({ length: 200_000 }, (_, i) => `k${i}`),
  }],
];
for (const [what, change] of hostile) {
  Deno.test(`matchTargets() ends within 5 s: ${what}`, () => {
    const start = performance.now();
    try {
      assert.equal(target(change)().branches.size, 4);
    } catch (error) {
      assert.equal((error as Error).name, "CheckpointError", String(error));
    }
    assert.ok(performance.now() - start < 5_000);
  });
}

Deno.test("matchTargets() refuses a rank of more than four times the smaller side", () => {
  const small = [{ path: "a.x_proj", kind: "linear", inFeatures: 8, outFeatures: 2 } as const];
  const ranked = (r: number) => () => matchTargets(small, { ...LORA_DEFAULTS, r, targetModules: ["x_proj"] });
  assert.equal(ranked(8)().branches.get("a.x_proj")!.rank, 8);
  assert.throws(ranked(9), {
    message: 'Cannot use r: rank 9 is more than four times the smaller side of "a.x_proj" [2, 8]; choose a lower rank',
  });
});

Deno.test("linearNames() gives the last names of all linear layers but the head", () => {
  assert.deepEqual(linearNames(modules), "down_proj gate_proj k_proj o_proj q_proj up_proj v_proj".split(" "));
});

Deno.test("shortestNames() keeps what distinguishes the targets from the others", () => {
  const paths = [0, 1].flatMap((i) => ["q", "k"].map((name) => `encoder.${i}.${name}`)).concat("decoder.0.q");
  assert.deepEqual(shortestNames(["encoder.0.k", "encoder.1.k"], paths), ["k"]);
  assert.deepEqual(shortestNames(["encoder.0.q", "encoder.1.q"], paths).sort(), ["1.q", "encoder.0.q"]);
});
