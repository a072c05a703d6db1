const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;
const BLOCK = 4;

/**
 * MurmurHash3 (x86, 32 bits, seed 0) of the UTF-8 bytes of a text. Flag systems in most languages use this hash for
 * bucketing.
 */
export function murmur3(text: string): number {
  const bytes = new TextEncoder().encode(text);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = bytes.length - (bytes.length % BLOCK);
  let hash = 0;
  for (let at = 0; at < whole; at += BLOCK) {
    hash ^= mix(view.getUint32(at, true));
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let at = bytes.length - 1; at >= whole; at -= 1) tail = (tail << 8) | view.getUint8(at);
  hash ^= mix(tail) ^ bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function mix(block: number): number {
  const scrambled = Math.imul(block, C1);
  return Math.imul((scrambled << 15) | (scrambled >>> 17), C2);
}
