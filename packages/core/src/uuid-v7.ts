const UNIX_MS_LIMIT = 2 ** 48;
const RANDOM_BYTES = 10;

/**
 * RFC 9562 version 7: 48 bits of milliseconds, then random bits. Time-ordered ids keep B-tree inserts on the right
 * edge. The time and the random bytes are passed in, so the same inputs always give the same id.
 */
export function uuidV7(unixMs: number, random: Uint8Array): string {
  if (!Number.isSafeInteger(unixMs) || unixMs < 0 || unixMs >= UNIX_MS_LIMIT) {
    throw new RangeError('uuidV7: time out of range');
  }
  if (random.length < RANDOM_BYTES) throw new RangeError('uuidV7: ten random bytes are needed');
  const time = unixMs.toString(16).padStart(12, '0');
  const byte = (at: number): string => HEX[(random[at] ?? 0) & 0xff] ?? '';
  const version = HEX[((random[0] ?? 0) & 0x0f) | 0x70] ?? '';
  const variant = HEX[((random[2] ?? 0) & 0x3f) | 0x80] ?? '';
  const node = byte(4) + byte(5) + byte(6) + byte(7) + byte(8) + byte(9);
  return `${time.slice(0, 8)}-${time.slice(8)}-${version}${byte(1)}-${variant}${byte(3)}-${node}`;
}

/** A table instead of `Buffer`, because this package also runs in browsers. */
const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
