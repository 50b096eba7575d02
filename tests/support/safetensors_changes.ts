import { mulberry32 } from "./random.ts";
import { CASES, crafted } from "./safetensors_cases.ts";

/** `count` files made from the small cases by one to three random changes each, in the header; the same on every run. */
export function* mutations(count: number, seed = 5): Generator<Uint8Array> {
  const random = mulberry32(seed);
  const small = CASES.filter(({ bytes, said }) =>
    bytes.length > 8 && bytes.length < 300 && !said?.includes("bytes does not fit") && bytes[7] === 0 && bytes[3] === 0
  );
  const good = small.filter(({ said }) => said === undefined);
  for (let i = 0; i < count; i++) {
    const seeds = random() < 0.7 ? good : small;
    const { bytes } = seeds[Math.floor(random() * seeds.length)];
    const header = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const text = changed(bytes.subarray(8, 8 + header), random);
    yield crafted(text, bytes.length - 8 - header);
  }
}

const INK = new TextEncoder().encode('{}[]",:0123456789eE.+-\\u aF32');

function changed(bytes: Uint8Array, random: () => number): Uint8Array {
  const copy = [...bytes];
  for (let n = 1 + random() * 3; n >= 1; n--) {
    const at = Math.floor(random() * copy.length);
    const byte = random() < 0.9 ? INK[Math.floor(random() * INK.length)] : Math.floor(random() * 256);
    const kind = random();
    if (kind < 0.5) copy[at] = byte;
    else if (kind < 0.75) copy.splice(at, 1);
    else copy.splice(at, 0, byte);
  }
  return Uint8Array.from(copy);
}
