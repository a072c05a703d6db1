const UNIX_MS_LIMIT = 2 ** 48;
const RANDOM_BYTES = 10;

/**
 * RFC 9562 version 7: 48 bits of milliseconds, then randomness. Time-ordered ids keep B-tree inserts on the right edge.
 * The clock and the randomness are handed in, so the same inputs always give the same id.
 */
export function uuidV7(unixMs: number, random: Uint8Array): string {
  if (!Number.isSafeInteger(unixMs) || unixMs < 0 || unixMs >= UNIX_MS_LIMIT) {
    throw new RangeError('uuidV7: time out of range');
  }
  if (random.length < RANDOM_BYTES) throw new RangeError('uuidV7: ten random bytes are needed');
  const time = unixMs.toString(16).padStart(12, '0');
  const tail = hex(random.slice(0, RANDOM_BYTES).map(withVersionAndVariant));
  return `${time.slice(0, 8)}-${time.slice(8)}-${tail.slice(0, 4)}-${tail.slice(4, 8)}-${tail.slice(8)}`;
}

/** The high bits of the first byte are the version, those of the third the variant. */
function withVersionAndVariant(byte: number, at: number): number {
  if (at === 0) return (byte & 0x0f) | 0x70;
  return at === 2 ? (byte & 0x3f) | 0x80 : byte;
}

/** Not `Buffer`: browsers read this package too. */
const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
