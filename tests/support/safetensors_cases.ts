/** Crafted safetensors files, one or more for each rule of the format: for the tests of the reader and the comparison with the reference. */
export interface Case {
  /** The rule it tries; 1 to 23 as in the tests' names. */
  rule: number;
  name: string;
  bytes: Uint8Array;
  /** What the sentence says; undefined: the file is good. */
  said?: string;
  /** True where the reference accepts what we refuse. */
  stricter?: boolean;
}

const utf8 = new TextEncoder();

/** A file from its header's text or bytes, `data` bytes of tensors, and the length it claims. */
export function crafted(header: string | Uint8Array, data = 0, claimed?: bigint): Uint8Array {
  const text = typeof header === "string" ? utf8.encode(header) : header;
  const file = new Uint8Array(8 + text.length + data);
  new DataView(file.buffer).setBigUint64(0, claimed ?? BigInt(text.length), true);
  file.set(text, 8);
  return file;
}

const entry = (dtype: string, shape: string, offsets: string) =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;
const one = (dtype: string, shape: string, offsets: string) => `{"a":${entry(dtype, shape, offsets)}}`;
const good = entry("F32", "[1]", "[0,4]");
const pair = (first: string, second: string) => `{"a":${entry("U8", "[2]", first)},"b":${entry("U8", "[2]", second)}}`;
const nested = (depth: number) => `{"a":{"x":${"[".repeat(depth)}${"]".repeat(depth)},${good.slice(1)}}`;

type Row = [rule: number, name: string, bytes: Uint8Array, said?: string, stricter?: "stricter"];

const rows: Row[] = [
  [1, "empty", new Uint8Array(0), "it has 0 bytes, but a safetensors file has at least 8"],
  [1, "seven bytes", new Uint8Array(7), "it has 7 bytes, but a safetensors file has at least 8"],
  [
    2,
    "header of 100,000,001",
    crafted("{}", 0, 100_000_001n),
    "its header would have 100000001 bytes, but at most 100000000",
  ],
  [2, "header of 2^63", crafted("{}", 0, 2n ** 63n), "its header would have 9223372036854775808 bytes"],
  [2, "header of 2^64 - 1", crafted("{}", 0, 2n ** 64n - 1n), "its header would have 18446744073709551615 bytes"],
  [
    2,
    "Git LFS pointer",
    utf8.encode("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
    "it is a Git LFS pointer",
  ],
  [
    3,
    "header of 100,000,000 in 10 bytes",
    crafted("{}", 0, 100_000_000n),
    "its header of 100000000 bytes does not fit its 10 bytes",
  ],
  [3, "header one byte too long", crafted("{}", 0, 3n), "its header of 3 bytes does not fit its 10 bytes"],
  [3, "header 8 bytes longer than the file", crafted("{}", 0, 10n), "its header of 10 bytes does not fit its 10 bytes"],
  [4, "byte-order mark", crafted("\ufeff{}"), "its header is not JSON (line 1, column 1: a value is expected)"],
  [4, "lone continuation byte", crafted(new Uint8Array([0x7b, 0x22, 0x80, 0x22, 0x7d])), "its bytes are not UTF-8"],
  [4, "overlong slash", crafted(new Uint8Array([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x7d])), "its bytes are not UTF-8"],
  [
    4,
    "surrogate in bytes",
    crafted(new Uint8Array([0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x7d])),
    "its bytes are not UTF-8",
  ],
  [5, "space around it", crafted(` \t\r\n{"a":${good}} \t\r\n`, 4)],
  [5, "form feed before it", crafted("\f{}"), "its header is not JSON (line 1, column 1: a value is expected)"],
  [5, "text after it", crafted("{}x"), "there is text after the end"],
  [5, "NUL after it", crafted("{}\0"), "there is text after the end"],
  [5, "two objects", crafted("{}{}"), "there is text after the end"],
  [5, "a list", crafted("[]"), "its header is not a JSON object"],
  [5, "null", crafted("null"), "its header is not a JSON object"],
  [5, "unfinished", crafted('{"a":'), "it ends too early"],
  [5, "trailing comma", crafted(`{"a":${good},}`, 4), "a key is expected"],
  [5, "single quotes", crafted("{'a':1}"), "a key is expected"],
  [5, "comment", crafted("{/**/}"), "a key is expected"],
  [6, "no header", crafted(""), "it ends too early"],
  [6, "only space", crafted("        "), "it ends too early"],
  [6, "no tensors", crafted("{}")],
  [6, "no tensors, padded", crafted("{}      ")],
  [7, "a name twice", crafted(`{"a":${good},"a":${good}}`, 4), 'the key "a" appears twice', "stricter"],
  [
    7,
    "a name twice, once escaped",
    crafted(`{"a":${good},"\\u0061":${good}}`, 4),
    'the key "a" appears twice',
    "stricter",
  ],
  [
    8,
    "metadata twice",
    crafted(`{"__metadata__":{},"__metadata__":{},"a":${good}}`, 4),
    'the key "__metadata__" appears twice',
  ],
  [8, "dtype twice", crafted(`{"a":{"dtype":"F32",${good.slice(1)}}`, 4), 'the key "dtype" appears twice'],
  [8, "shape twice", crafted(`{"a":{"shape":[1],${good.slice(1)}}`, 4), 'the key "shape" appears twice'],
  [9, "metadata of strings", crafted(`{"__metadata__":{"format":"pt","":""},"a":${good}}`, 4)],
  [9, "metadata null", crafted(`{"__metadata__":null,"a":${good}}`, 4)],
  [
    9,
    "metadata with a number",
    crafted(`{"__metadata__":{"x":1},"a":${good}}`, 4),
    'its __metadata__ "x" is not a string',
  ],
  [
    9,
    "metadata with null",
    crafted(`{"__metadata__":{"x":null},"a":${good}}`, 4),
    'its __metadata__ "x" is not a string',
  ],
  [9, "metadata a list", crafted(`{"__metadata__":[],"a":${good}}`, 4), "its __metadata__ is not an object"],
  [10, "a surplus field", crafted(`{"a":{"x":{"y":[1.5,null]},${good.slice(1)}}`, 4)],
  [10, "no dtype", crafted('{"a":{"shape":[1],"data_offsets":[0,4]}}', 4), 'its tensor "a" has no dtype'],
  [10, "no shape", crafted('{"a":{"dtype":"F32","data_offsets":[0,4]}}', 4), "has no shape of whole numbers"],
  [10, "no data_offsets", crafted('{"a":{"dtype":"F32","shape":[1]}}', 4), "has no data_offsets of two whole numbers"],
  [10, "a list for an entry", crafted('{"a":["F32",[1],[0,4]]}', 4), 'its tensor "a" is not an object', "stricter"],
  [10, "null for an entry", crafted('{"a":null}'), 'its tensor "a" is not an object'],
  [10, "a number for an entry", crafted('{"a":1}'), 'its tensor "a" is not an object'],
  [11, "unknown dtype", crafted(one("F31", "[1]", "[0,4]"), 4), 'has the unknown dtype "F31"'],
  [11, "lower case", crafted(one("f32", "[1]", "[0,4]"), 4), 'has the unknown dtype "f32"'],
  [11, "inherited name", crafted(one("constructor", "[1]", "[0,4]"), 4), 'has the unknown dtype "constructor"'],
  [11, "dtype null", crafted('{"a":{"dtype":null,"shape":[1],"data_offsets":[0,4]}}', 4), "has no dtype"],
  [12, "dimension 1.0", crafted(one("F32", "[1.0]", "[0,4]"), 4), "has no shape of whole numbers from 0 to 2^64 - 1"],
  [12, "dimension 1e0", crafted(one("F32", "[1e0]", "[0,4]"), 4), "has no shape of whole numbers"],
  [12, "dimension -1", crafted(one("F32", "[-1]", "[0,4]"), 4), "has no shape of whole numbers"],
  [12, "dimension -0", crafted(one("F32", "[-0]", "[0,0]")), "has no shape of whole numbers"],
  [12, "dimension 01", crafted(one("F32", "[01]", "[0,4]"), 4), "is expected"],
  [12, "dimension NaN", crafted(one("F32", "[NaN]", "[0,4]"), 4), "a value is expected"],
  [12, 'dimension "1"', crafted(one("F32", '["1"]', "[0,4]"), 4), "has no shape of whole numbers"],
  [12, "dimension null", crafted(one("F32", "[null]", "[0,4]"), 4), "has no shape of whole numbers"],
  [12, "shape a number", crafted(one("F32", "1", "[0,4]"), 4), "has no shape of whole numbers"],
  [12, "dimension 2^64", crafted(one("U8", "[18446744073709551616]", "[0,0]")), "has no shape of whole numbers"],
  [12, "dimension 2^64 - 1", crafted(one("U8", "[18446744073709551615]", "[0,0]")), "more bits than 64 bits can count"],
  [
    12,
    "dimension 2^53 beside 0",
    crafted(one("U8", "[0,9007199254740992]", "[0,0]")),
    "has a dimension beyond 2^53 - 1",
    "stricter",
  ],
  [12, "dimension 2^53 - 1 beside 0", crafted(one("U8", "[0,9007199254740991]", "[0,0]"))],
  [13, "a scalar", crafted(one("F64", "[]", "[0,8]"), 8)],
  [13, "an empty tensor", crafted(one("F32", "[3,0,2]", "[0,0]"))],
  [13, "a scalar of no bytes", crafted(one("F64", "[]", "[0,0]")), "has 0 bytes, but F64 [] needs 8"],
  [
    14,
    "2^32 x 2^32",
    crafted(one("U8", "[4294967296,4294967296]", "[0,0]")),
    "has more elements than 64 bits can count",
  ],
  [
    14,
    "2^63 x 2 x 0",
    crafted(one("U8", "[9223372036854775808,2,0]", "[0,0]")),
    "has more elements than 64 bits can count",
  ],
  [
    14,
    "0 x 2^63 x 2",
    crafted(one("U8", "[0,9223372036854775808,2]", "[0,0]")),
    "has more elements than 64 bits can count",
    "stricter",
  ],
  [15, "2^61 bytes", crafted(one("U8", "[2305843009213693952]", "[0,0]")), "has more bits than 64 bits can count"],
  [15, "2^60 bytes in none", crafted(one("U8", "[1152921504606846976]", "[0,0]")), "needs 1152921504606846976"],
  [15, "three of 4 bits", crafted(one("F4", "[3]", "[0,2]"), 2), "does not fill its last byte (12 bits)"],
  [15, "four of 4 bits", crafted(one("F4", "[4]", "[0,2]"), 2)],
  [15, "four of 6 bits", crafted(one("F6_E3M2", "[4]", "[0,3]"), 3)],
  [15, "five of 6 bits", crafted(one("F6_E2M3", "[5]", "[0,4]"), 4), "does not fill its last byte (30 bits)"],
  [16, "one offset", crafted(one("F32", "[1]", "[4]"), 4), "has no data_offsets of two whole numbers"],
  [16, "three offsets", crafted(one("F32", "[1]", "[0,4,4]"), 4), "has no data_offsets of two whole numbers"],
  [16, "offset -0", crafted(one("F32", "[1]", "[-0,4]"), 4), "has no data_offsets of two whole numbers"],
  [16, "offset -1", crafted(one("F32", "[1]", "[-1,3]"), 4), "has no data_offsets of two whole numbers"],
  [16, "offset 4.0", crafted(one("F32", "[1]", "[0,4.0]"), 4), "has no data_offsets of two whole numbers"],
  [16, "swapped", crafted(one("F32", "[1]", "[4,0]"), 4), "ends at 0, before it begins at 4"],
  [16, "too few bytes", crafted(one("F32", "[1]", "[0,3]"), 3), "has 3 bytes, but F32 [1] needs 4"],
  [16, "too many bytes", crafted(one("F32", "[1]", "[0,5]"), 5), "has 5 bytes, but F32 [1] needs 4"],
  [
    16,
    "end at 2^53 - 1",
    crafted(one("U8", "[9007199254740991]", "[0,9007199254740991]")),
    "it is cut short (0 of 9007199254740991 bytes",
  ],
  [
    16,
    "end at 2^53",
    crafted(one("U8", "[9007199254740992]", "[0,9007199254740992]")),
    "ends at 9007199254740992, beyond any file",
  ],
  [16, "end at 2^53 + 1", crafted(one("U8", "[1]", "[9007199254740992,9007199254740993]")), "beyond any file"],
  [
    16,
    "end at 2^63",
    crafted(one("U8", "[4]", "[0,9223372036854775808]"), 4),
    "has 9223372036854775808 bytes, but U8 [4] needs 4",
  ],
  [16, "end at 2^64 - 1", crafted(one("U8", "[4]", "[0,18446744073709551615]"), 4), "has 18446744073709551615 bytes"],
  [
    16,
    "end at 2^64",
    crafted(one("U8", "[4]", "[0,18446744073709551616]"), 4),
    "has no data_offsets of two whole numbers",
  ],
  [17, "end to end", crafted(pair("[0,2]", "[2,4]"), 4)],
  [17, "end to end, the later one first", crafted(pair("[2,4]", "[0,2]"), 4)],
  [
    17,
    "a hole at the start",
    crafted(one("F32", "[1]", "[4,8]"), 8),
    'its tensor "a" leaves unused bytes before it (begins at 4, not at 0)',
  ],
  [
    17,
    "a hole between",
    crafted(pair("[0,2]", "[3,5]"), 5),
    'its tensor "b" leaves unused bytes before it (begins at 3, not at 2)',
  ],
  [
    17,
    "an overlap",
    crafted(pair("[0,2]", "[1,3]"), 3),
    'its tensor "b" overlaps the one before it (begins at 1, not at 2)',
  ],
  [17, "the same bytes", crafted(pair("[0,2]", "[0,2]"), 2), 'its tensor "b" overlaps the one before it'],
  [
    17,
    "empty ones between",
    crafted(
      `{"a":${entry("U8", "[2]", "[0,2]")},"b":${entry("U8", "[0]", "[2,2]")},"c":${entry("U8", "[0]", "[0,0]")}}`,
      2,
    ),
  ],
  [
    17,
    "an empty one inside",
    crafted(`{"a":${entry("U8", "[2]", "[0,2]")},"b":${entry("U8", "[0]", "[1,1]")}}`, 2),
    'its tensor "b" overlaps',
  ],
  [18, "a byte missing", crafted(one("F32", "[1]", "[0,4]"), 3), "it is cut short (3 of 4 bytes of tensors)"],
  [18, "all bytes missing", crafted(one("F32", "[1]", "[0,4]")), "it is cut short (0 of 4 bytes of tensors)"],
  [18, "a byte too many", crafted(one("F32", "[1]", "[0,4]"), 5), "1 bytes follow its last tensor"],
  [18, "bytes without a tensor", crafted("{}", 3), "3 bytes follow its last tensor"],
  [19, "no name", crafted(`{"":${good}}`, 4)],
  [19, "name __proto__", crafted(`{"__proto__":${good}}`, 4)],
  [
    19,
    "names of every object",
    crafted(`{"constructor":${entry("U8", "[2]", "[0,2]")},"toString":${entry("U8", "[2]", "[2,4]")}}`, 4),
  ],
  [19, "name with NUL", crafted(`{"a\\u0000b":${good}}`, 4)],
  [19, "name like a path", crafted(`{"../../etc/passwd":${good}}`, 4)],
  [19, "name of 1 MB", crafted(`{"${"n".repeat(1e6)}":${good}}`, 4)],
  [19, "name from a surrogate pair", crafted(`{"\\ud83d\\ude00":${good}}`, 4)],
  [19, "name with half of a pair", crafted(`{"\\ud83d":${good}}`, 4), "a lone half of a surrogate pair"],
  [19, "name with swapped halves", crafted(`{"\\ude00\\ud83d":${good}}`, 4), "a lone half of a surrogate pair"],
  [19, "name with a tab", crafted(`{"a\tb":${good}}`, 4), "a string contains a control character"],
  [19, "name with an unknown escape", crafted(`{"\\x61":${good}}`, 4), "a string has an unknown escape"],
  [20, "depth 64", crafted(nested(62), 4)],
  [20, "depth 65", crafted(nested(63), 4), "it is nested more than 64 deep", "stricter"],
  [20, "depth 200", crafted(nested(200), 4), "it is nested more than 64 deep"],
  [20, "depth 1,000,000", crafted(nested(1e6), 4), "it is nested more than 64 deep"],
  [20, "a huge number in a surplus field", crafted(`{"a":{"x":1e400,${good.slice(1)}}`, 4), "a number is too large"],
  [21, "a bool of value 2", Uint8Array.from([...crafted(one("BOOL", "[1]", "[0,1]")), 2])],
  [22, "data not aligned", crafted(`{"a":${entry("U8", "[1]", "[0,1]")},"b":${entry("F32", "[1]", "[1,5]")}}`, 5)],
  [22, "header not padded", crafted(one("F32", "[1]", "[0,4]") + " ", 4)],
];

/** All of them. */
export const CASES: readonly Case[] = rows.map(([rule, name, bytes, said, stricter]) => ({
  rule,
  name,
  bytes,
  said,
  stricter: stricter === "stricter",
}));
