// The Castagnoli polynomial, reversed; Node and zlib only offer the older CRC-32.
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? rest >>> 1 ^ 0x82f63b78 : rest >>> 1;
  return rest;
});

/** CRC-32C of these bytes (RFC 3720, appendix B.4), as an unsigned number. */
export function crc32c(data: Uint8Array): number {
  let rest = 0xffffffff;
  for (const byte of data) rest = TABLE[(rest ^ byte) & 0xff] ^ rest >>> 8;
  return ~rest >>> 0;
}

/** The checksum as TFRecord files store it: turned and shifted, so that a checksum over checksums stays useful. */
export function maskedCrc32c(data: Uint8Array): number {
  const crc = crc32c(data);
  return (crc >>> 15 | crc << 17) + 0xa282ead8 >>> 0;
}
