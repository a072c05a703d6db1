/** Whether a line of this kind is written now, and how many of it were left out since the last one. */
export type LineSampler = (kind: string) => { readonly leftOut: number } | undefined;

const EVERY_MS = 1_000;

/** One line of a kind a second: an outage under load is thousands of the same, and the first of them says it all. Kinds are few. */
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
