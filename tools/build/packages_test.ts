import assert from "node:assert/strict";
import { isNeeded, programConfig } from "./packages.ts";

Deno.test("isNeeded() keeps code, licences and the addon for Linux on x86-64, and drops the rest", () => {
  const kept = [
    "zod/v4/index.js",
    "zod/LICENSE",
    "yaml/dist/index.js",
    "tokenizers/tokenizers.linux-x64-gnu.node",
    "@resvg/resvg-wasm/index_bg.wasm",
    "@expo-google-fonts/lato/400Regular/Lato_400Regular.ttf",
    "@expo-google-fonts/lato/LICENSE_FONT",
    "@huggingface/tasks/dist/esm/index.js",
  ];
  const dropped = [
    "zod/src/v4/index.ts",
    "zod/v4/index.cjs",
    "zod/v4/index.d.ts",
    "yaml/browser/index.js",
    "re2js/build/index.cjs",
    "re2js/build/index.umd.js",
    "yaml/README.md",
    "tokenizers/tokenizers.linux-x64-musl.node",
    "tokenizers/tokenizers.darwin-arm64.node",
    "@expo-google-fonts/lato/900Black/Lato_900Black.ttf",
    "@huggingface/tasks/dist/commonjs/index.js",
    "@types/node/index.d.ts",
    ".bin/yaml",
    "hyparquet/test/files/a.parquet",
  ];
  assert.deepEqual(kept.filter((path) => !isNeeded(path)), []);
  assert.deepEqual(dropped.filter(isNeeded), []);
});

Deno.test("programConfig() names the packages of the program, not those of types alone", () => {
  const imports = { "zod": "npm:zod@^4", "@types/yauzl": "npm:@types/yauzl@3" };
  assert.deepEqual(JSON.parse(programConfig({ version: "1.2.3", imports })), {
    name: "ftx",
    version: "1.2.3",
    exports: "./main.ts",
    nodeModulesDir: "manual",
    imports: { zod: "npm:zod@^4" },
  });
});
