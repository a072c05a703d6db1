/**
 * Returns undefined if a line of this kind is not to be written now, else how many lines were skipped since the last
 * one.
 */
export type LineSampler = (kind: string) => { readonly leftOut: number } | undefined;

const EVERY_MS = 1_000;

/**
 * Limits log lines to one per kind and second, because an outage under load causes thousands of identical lines. The
 * number of kinds must be small.
 */
export function sampleLines(now: () => number): LineSampler {
  const kinds = new Map<string, { writtenAt: number; leftOut: number }>();
  return (kind) => {
    const at = now();
    const known = kinds.get(kind);
    if (known !== undefined && at - known.writtenAt < EVERY_MS) {
      known.leftOut += 1;
      return undefined;
    }
    kinds.set(kind, { writtenAt: at, leftOut: 0 });
    return { leftOut: known?.leftOut ?? 0 };
  };
}
