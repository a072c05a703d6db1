import type { Entry, Operation } from './operation.ts';

export type KindCount = { ok: number; refused: number; unknown: number };

export type OperationCounts = {
  readonly kinds: ReadonlyMap<string, KindCount>;
  /** Operations with unknown outcome and refused operations, by code. */
  readonly unknown: ReadonlyMap<string, number>;
  readonly refused: ReadonlyMap<string, number>;
  /** Responses that took longer than the deadline plus a margin. */
  readonly late: readonly {
    readonly n: number;
    readonly kind: string;
    readonly tookMs: number;
    readonly excused: boolean;
  }[];
  readonly medianMs: number;
  readonly p99Ms: number;
};

export type Window = { readonly from: number; readonly to: number };

const BUCKET_MS = 0.5;
const BUCKETS = 60_000;

/**
 * Counts operations while the history is read. Durations go into buckets, so that memory use does not grow with the
 * length of a campaign.
 */
export function createOperationCounter(lateMs: number, excuses: readonly Window[]) {
  const kinds = new Map<string, KindCount>();
  const unknown = new Map<string, number>();
  const refused = new Map<string, number>();
  const late: { n: number; kind: string; tookMs: number; excused: boolean }[] = [];
  const durations = new Uint32Array(BUCKETS);
  let answered = 0;
  const count = (map: Map<string, number>, name: string) => map.set(name, (map.get(name) ?? 0) + 1);

  const takeOperation = (operation: Operation) => {
    const { kind, outcome, code, status, at, until, n } = operation;
    const ofKind = kinds.get(kind) ?? { ok: 0, refused: 0, unknown: 0 };
    ofKind[outcome] += 1;
    kinds.set(kind, ofKind);
    if (outcome === 'unknown') count(unknown, code ?? 'lost');
    if (outcome === 'refused') count(refused, code ?? '');
    const tookMs = until - at;
    if (outcome === 'unknown' && status === undefined) return;
    answered += 1;
    const bucket = Math.min(BUCKETS - 1, Math.floor(tookMs / BUCKET_MS));
    durations[bucket] = (durations[bucket] ?? 0) + 1;
    if (tookMs > lateMs) {
      const excused = excuses.some(({ from, to }) => at < to && until > from);
      late.push({ n, kind, tookMs, excused });
    }
  };
  const quantile = (share: number): number => {
    let left = answered * share;
    const bucket = durations.findIndex((inBucket) => {
      left -= inBucket;
      return left <= 0;
    });
    return Math.max(0, bucket) * BUCKET_MS;
  };
  return {
    take: (entry: Entry) => {
      if (entry.is === 'operation') takeOperation(entry);
    },
    counts: (): OperationCounts => ({ kinds, unknown, refused, late, medianMs: quantile(0.5), p99Ms: quantile(0.99) }),
  };
}
