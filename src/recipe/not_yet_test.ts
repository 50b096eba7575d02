import assert from "node:assert/strict";
import { keyOf } from "../settings/spelling.ts";
import { check } from "../settings/value.ts";
import { VALUES } from "./known_values.ts";
import { KNOWN_KEYS, notYetKey, whyNotValue } from "./not_yet.ts";
import { settingNamed, SETTINGS } from "./recipe.ts";

Deno.test("KNOWN_KEYS are spelled as in files, named once, and are no settings of ours", () => {
  assert.deepEqual(KNOWN_KEYS.filter((key) => keyOf(key) !== key), []);
  assert.deepEqual(KNOWN_KEYS.filter((key, i) => KNOWN_KEYS.indexOf(key) !== i), []);
  assert.deepEqual(KNOWN_KEYS.filter((key) => settingNamed(key) !== undefined), []);
});

Deno.test("notYetKey() knows what asks for nothing", () => {
  for (const off of [null, false, "", "null", "none", "false"]) assert.equal(notYetKey("use_galore", off), "");
  assert.equal(notYetKey("galore_rank", 16), "");
  assert.equal(notYetKey("galore_rank", "16"), "");
  assert.equal(notYetKey("galore_rank", 32), "GaLore");
  assert.equal(notYetKey("use_kv_cache", true), "");
  assert.equal(notYetKey("use_kv_cache", false), "generation without a key/value cache");
  assert.equal(notYetKey("lora_rank", 8), undefined);
});

Deno.test("whyNotValue() finds a value in a list or in commas", () => {
  assert.equal(whyNotValue("report_to", ["tensorboard", "WandB"]), "ftx does not support Weights & Biases yet");
  assert.equal(whyNotValue("report_to", "tensorboard, mlflow"), "ftx does not support MLflow yet");
  assert.equal(whyNotValue("stage", "sft"), undefined);
  assert.equal(whyNotValue("seed", 1), undefined);
});

Deno.test("VALUES are values of settings that ftx has, and none that it supports", () => {
  for (const [key, values] of Object.entries(VALUES)) {
    const name = settingNamed(key);
    assert.ok(name, key);
    for (const value of Object.keys(values)) {
      assert.notEqual(check(SETTINGS[name], value).problem, undefined, `${key} = ${value}`);
    }
  }
});
