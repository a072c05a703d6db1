import { readdir } from 'node:fs/promises';

const SEGMENT_BYTES = 16n * 1024n * 1024n;
const SEGMENT = /^[0-9A-F]{8}([0-9A-F]{8})([0-9A-F]{8})$/;

export const lsnOf = (text: string): bigint => {
  const [high = '0', low = '0'] = text.split('/');
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`);
};

/** The WAL position at which the last archived segment ends. Later WAL is lost with the server. */
export async function endOfArchive(folder: string): Promise<bigint> {
  const ends = (await readdir(folder)).flatMap((name) => {
    const [, high, low] = SEGMENT.exec(name) ?? [];
    if (high === undefined || low === undefined) return [];
    return [(BigInt(`0x${high}`) << 32n) + (BigInt(`0x${low}`) + 1n) * SEGMENT_BYTES];
  });
  return ends.toSorted((one, other) => (one < other ? -1 : 1)).at(-1) ?? 0n;
}
