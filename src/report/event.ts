/**
 * TensorBoard's records: protocol buffers `Event` and `Summary` in TFRecord frames.
 * https://github.com/tensorflow/tensorboard/blob/master/tensorboard/compat/proto/event.proto
 */

/** One event at a time in seconds since 1970. */
export interface Event {
  time: number;
  step?: number;
  /** The first record of a file has `brain.Event:2`. */
  version?: string;
  scalars?: Record<string, number>;
  /** The run resumes here: TensorBoard discards what earlier files say about this step and later ones. */
  restart?: boolean;
}

/** A frame: length, its checksum, the event, its checksum. */
export function record(event: Event): Uint8Array {
  const data = encode(event);
  const frame = new Uint8Array(data.length + 16);
  const view = new DataView(frame.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(frame.subarray(0, 8)), true);
  frame.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(data), true);
  return frame;
}

function encode({ time, step = 0, version, scalars, restart }: Event): Uint8Array {
  const fields = [field(1, DOUBLE, double(time))];
  if (step) fields.push(field(2, VARINT, varint(step)));
  if (version) fields.push(field(3, BYTES, text(version)));
  if (scalars) fields.push(field(5, BYTES, joined(Object.entries(scalars).map(value))));
  if (restart) fields.push(field(7, BYTES, field(1, VARINT, varint(1)))); // SessionLog { status: START }
  return joined(fields);
}

// Summary.Value { tag = 1, simple_value = 2 }
function value([tag, number]: [string, number]): Uint8Array {
  return field(1, BYTES, joined([field(1, BYTES, text(tag)), field(2, FLOAT, float(number))]));
}

const VARINT = 0, DOUBLE = 1, BYTES = 2, FLOAT = 5; // wire types

function field(number: number, type: number, content: Uint8Array): Uint8Array {
  const key = varint(number << 3 | type);
  return joined(type === BYTES ? [key, varint(content.length), content] : [key, content]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push(value % 128 + 128);
  return Uint8Array.from([...bytes, value]);
}

function double(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return bytes;
}

function float(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return bytes;
}

const text = (value: string) => new TextEncoder().encode(value);

function joined(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

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

/** The checksum as TFRecord files store it: rotated and offset, so that data that contains checksums can be checksummed. */
function maskedCrc32c(data: Uint8Array): number {
  const crc = crc32c(data);
  return (crc >>> 15 | crc << 17) + 0xa282ead8 >>> 0;
}
