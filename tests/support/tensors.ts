// Opens tensors for the test, bench or example that imports this.
import { ownShim } from "../../src/setup/own_shim.ts";
import { openTensors } from "../../src/tensor/mod.ts";

await openTensors(ownShim);
