// Reads ffi/ops.txt, one operator schema a line, and writes what is made from it: ffi/ops.gen.cpp (the C entry points),
// src/tensor/tensor.gen.ts (the methods and functions) and src/tensor/symbols.gen.ts (the FFI table).
// Run: deno task gen

const root = new URL("../", import.meta.url);
const NOTE = "Generated from ffi/ops.txt by tools/gen.ts. Do not edit.";

export interface Argument {
  type: string;
  name: string;
  init?: string;
  named: boolean; // stands behind the `*` of its schema
}
export interface Operator {
  base: string; // add
  symbol: string; // add_Tensor: the name in C and in the FFI table; own_… for ours
  name: string; // addTensor's name in TypeScript: add
  ours: boolean; // from kernels/, not from ATen
  args: Argument[];
  returns: "one" | "many" | "none";
}

/** How one ATen type crosses the border: its FFI slots, its C parameter, the C++ made of it, and both sides in TypeScript. */
interface Lane {
  slots: string[];
  param: (name: string) => string;
  make: (name: string) => string;
  type: string;
  send: (name: string) => string;
}

const number = (make: (n: string) => string, type = "number", send = (n: string) => n): Lane => ({
  slots: ["f64"],
  param: (n) => `double ${n}`,
  make,
  type,
  send,
});
const list = (c: string, make: string, type: string, pack: string): Lane => ({
  slots: ["buffer", "i32"],
  param: (n) => `const ${c}* ${n}, int32_t ${n}_len`,
  make: (n) => `${make}(${n}, ${n}_len)`,
  type,
  send: (n) => `${pack}(${n}), ${n}.length`,
});
const code = (make: string, type: string, send: (n: string) => string): Lane => ({
  slots: ["i32"],
  param: (n) => `int32_t ${n}`,
  make: (n) => `${make}(${n})`,
  type,
  send,
});
const handle = (make: string, type: string, send: (n: string) => string): Lane => ({
  slots: ["u32"],
  param: (n) => `H ${n}`,
  make: (n) => `${make}(${n})`,
  type,
  send,
});
const orNaN = (n: string) => `${n} ?? NaN`; // NaN is "none" where a number may be left out

const LANES: Record<string, Lane> = {
  "Tensor": handle("get", "Tensor", (n) => `${n}.handle`),
  "Tensor?": handle("maybe", "Tensor | null", (n) => `(${n}?.handle ?? 0)`),
  "Tensor[]": list("H", "list", "readonly Tensor[]", "packedHandles"),
  "Scalar": number((n) => `scalar(${n})`),
  "Scalar?": number((n) => `maybe_scalar(${n})`, "number | null", orNaN),
  "float": number((n) => n),
  "float?": number((n) => `maybe_float(${n})`, "number | null", orNaN),
  "int": number((n) => `(int64_t)${n}`),
  "int?": number((n) => `maybe_int(${n})`, "number | null", orNaN),
  "SymInt": number((n) => `(int64_t)${n}`),
  "SymInt?": number((n) => `maybe_symint(${n})`, "number | null", orNaN),
  "bool": { slots: ["bool"], param: (n) => `bool ${n}`, make: (n) => n, type: "boolean", send: (n) => n },
  "ScalarType": code("dtype_of", "DType", (n) => `DTYPE[${n}]`),
  "ScalarType?": code("maybe_dtype", "DType | null", (n) => `(${n} ? DTYPE[${n}] : -1)`),
  "Device": code("device_of", "Device", (n) => `deviceCode(${n})`),
  "Device?": code("maybe_device", "Device | null", (n) => `(${n} ? deviceCode(${n}) : -2)`),
  "int[]": list("double", "ints", "readonly number[]", "packed"),
  "SymInt[]": list("double", "symints", "readonly number[]", "packed"),
};
LANES["int[1]"] = LANES["int[]"];
LANES["int[1]?"] = {
  ...list("double", "maybe_ints", "readonly number[] | null", "packed"),
  send: (n) => `packed(${n} ?? []), ${n} ? ${n}.length : -1`,
};

/** Types that ftx never sets: C++ passes their default. */
const SILENT: Record<string, string> = {
  "Layout?": "std::nullopt",
  "MemoryFormat?": "std::nullopt",
  "Generator?": "std::nullopt",
  "bool?": "std::nullopt",
};
const DEFAULTS: Record<string, string> = { True: "true", False: "false", None: "null", Mean: "1" };
const LISTS = 8; // as many buffers for lists as src/tensor/base.ts keeps
const RECEIVERS = ["self", "input", "query", "condition"];

const camel = (s: string) => s.replace(/(?<=[a-z0-9])_([a-z0-9])/g, (_, c) => c.toUpperCase());
const shown = (op: Operator) => op.args.filter((a) => !(a.type in SILENT));

/** Reads one line of ffi/ops.txt. */
export function parse(line: string): Operator {
  const [schema, alias] = line.split("  as ");
  const m = schema.match(/^(ftx::)?([a-z0-9_]+)(?:\.(\w+))?\((.*)\) -> (.+)$/);
  if (!m) throw new SyntaxError(`Cannot parse "${line}": expected an ATen schema such as "neg(Tensor self) -> Tensor"`);
  const [, ours, base, overload, args, returns] = m;
  const plain = (type: string) => type.replace(/\([a-z]( -> \*)?!?\)/g, ""); // Tensor(a!) says what is written: not needed here
  let named = false;
  const parsed: Argument[] = [];
  for (const a of args.split(/, (?![^(]*\))/).filter(Boolean)) {
    if (a === "*") named = true;
    else {
      const [, type, name, init] = a.match(/^(.+?) (\w+)(?:=(.+))?$/)!;
      parsed.push({ type: plain(type), name, init, named });
    }
  }
  if (parsed.filter(({ type }) => type.includes("[")).length > LISTS) {
    throw new SyntaxError(`Cannot generate "${line}": a call sends at most ${LISTS} lists; pass fewer, or raise LISTS`);
  }
  return {
    base,
    symbol: (ours ? "own_" : "") + (overload ? `${base}_${overload}` : base),
    name: alias ?? camel(base),
    ours: Boolean(ours),
    args: parsed,
    returns: returns === "()" ? "none" : plain(returns) === "Tensor" ? "one" : "many",
  };
}

const inPlace = (op: Operator) => op.returns === "one" && op.base.endsWith("_");

function cpp(op: Operator): string {
  const params = shown(op).map((a) => LANES[a.type].param(a.name));
  const made = op.args.map((a) => SILENT[a.type] ?? LANES[a.type].make(a.name)).join(", ");
  const call = op.ours ? `ftx::${op.base}(${made})` : `at::_ops::${op.symbol}::call(${made})`;
  if (op.returns === "many") params.push("H* out", "int32_t cap");
  const macro = inPlace(op) ? "OP_IN_PLACE" : { one: "OP", many: "OPS", none: "OP_VOID" }[op.returns];
  return `${macro}(${op.symbol}, (${params.join(", ")}), ${call})`;
}

function symbol(op: Operator): string {
  const slots = shown(op).flatMap((a) => LANES[a.type].slots);
  if (op.returns === "many") slots.push("buffer", "i32");
  const result = op.returns === "one" ? "u32" : "i32";
  return `  ${op.symbol}: { parameters: ${JSON.stringify(slots)}, result: "${result}" },`;
}

/**
 * One method, or one function where no argument can be the receiver. Positional until the first boolean or `*`, then
 * one options object. `twin` is the same operator for a number in the place of `other`.
 */
function typescript(op: Operator, twin?: Operator): { method: boolean; source: string } {
  const args = shown(op);
  const receiver = args.findIndex((a) =>
    a.type === "Tensor" && (RECEIVERS.includes(a.name) || (op.base === "embedding" && a.name === "weight"))
  );
  const rest = args.filter((_, i) => i !== receiver);
  const cut = rest.findIndex((a) => a.named || (a.type === "bool" && a.init !== undefined));
  const positional = cut < 0 ? rest : rest.slice(0, cut), options = cut < 0 ? [] : rest.slice(cut);
  const init = (a: Argument) => a.init === undefined ? "" : ` = ${DEFAULTS[a.init] ?? a.init}`;
  const type = (a: Argument) => LANES[a.type].type + (twin && a.name === "other" ? " | number" : "");
  const params = positional.map((a) => `${camel(a.name)}: ${type(a)}${init(a)}`);
  if (options.length) {
    const needed = options.some((a) => a.init === undefined);
    const names = options.map((a) => camel(a.name) + init(a)).join(", ");
    const types = options.map((a) => `${camel(a.name)}${a.init === undefined ? "" : "?"}: ${LANES[a.type].type}`);
    params.push(`{ ${names} }: { ${types.join("; ")} }${needed ? "" : " = {}"}`);
  }
  const tensors = [
    ...(receiver >= 0 ? ["this"] : []),
    ...positional.filter((a) => a.type.startsWith("Tensor")).map((a) =>
      a.type === "Tensor[]" ? `...${camel(a.name)}` : camel(a.name)
    ),
  ].join(", ");
  const call = (o: Operator) => {
    const self = receiver >= 0 ? args[receiver].name : undefined;
    const sent = shown(o).map((a) => LANES[a.type].send(a.name === self ? "this" : camel(a.name)));
    const finish = inPlace(o) ? "same" : { one: "wrap", many: "wrapAll", none: "done" }[o.returns];
    if (o.returns === "many") sent.push("outs", "outs.length");
    return `${finish}(C.${o.symbol}(${sent.join(", ")}), "${o.name}", [${tensors}])`;
  };
  const body = twin ? `typeof other === "number" ? ${call(twin)} : ${call(op)}` : call(op);
  const result = { one: "Tensor", many: "Tensor[]", none: "void" }[op.returns];
  const source = `${op.name}(${params.join(", ")}): ${result} { return ${body}; }`;
  return { method: receiver >= 0, source: receiver >= 0 ? `  ${source}` : `export function ${source}` };
}

/** Writes the three generated files, each only when its text changed. */
export function generate(): number {
  const lines = Deno.readTextFileSync(new URL("ffi/ops.txt", root)).split("\n");
  const ops = lines.filter((l) => l && !l.startsWith("#")).map(parse);
  const twinOf = (op: Operator) =>
    op.symbol.endsWith("_Tensor") ? ops.find((o) => o.symbol === `${op.base}_Scalar`) : undefined;
  const twins = new Set(ops.map(twinOf));
  const api = ops.filter((op) => !twins.has(op)).map((op) => typescript(op, twinOf(op)));
  const headers = [
    ...new Set(ops.filter((o) => !o.ours).map((o) => `#include <ATen/ops/${o.base.replace(/(?<=.)_$/, "")}_ops.h>`)),
  ];
  write("ffi/ops.gen.cpp", [
    `// ${NOTE}`,
    '#include "shim.h"',
    '#include "kernels/kernels.h"',
    ...headers,
    "",
    ...ops.map(cpp),
  ]);
  write("src/tensor/symbols.gen.ts", [`// ${NOTE}`, "export const SYMBOLS = {", ...ops.map(symbol), "} as const;"]);
  write("src/tensor/tensor.gen.ts", [
    `// ${NOTE}`,
    'import { type Arg, check, failure, made, outs, packed, packedHandles, TensorBase } from "./base.ts";',
    'import { type Device, deviceCode, DTYPE, type DType } from "./dtype.ts";',
    'import { C } from "./lib.ts";',
    "",
    "/** A libtorch tensor, with the ATen operators as its methods. */",
    "export class Tensor extends TensorBase {",
    ...api.filter((a) => a.method).map((a) => a.source),
    "}",
    "",
    "export function wrap(handle: number, op: string, args: Arg[]): Tensor {",
    "  if (handle === 0) throw failure(op, args);",
    "  return new Tensor(handle);",
    "}",
    "function same(handle: number, op: string, args: Arg[]): Tensor {",
    "  if (handle === 0) throw failure(op, args);",
    "  return args[0] as Tensor;",
    "}",
    "const wrapAll = (n: number, op: string, args: Arg[]): Tensor[] => made(n, op, args).map((h) => new Tensor(h));",
    "const done = check;",
    "",
    ...api.filter((a) => !a.method).map((a) => a.source),
  ]);
  return ops.length;
}

function write(path: string, lines: string[]) {
  const url = new URL(path, root), text = lines.join("\n") + "\n";
  try {
    if (Deno.readTextFileSync(url) === text) return;
  } catch { /* not there yet */ }
  Deno.writeTextFileSync(url, text);
}

if (import.meta.main) console.log(`${generate()} operators`);
