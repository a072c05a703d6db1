import type { Result } from './result.ts';

/** The name under which a result is stored and shown. Each size of data-size is a separate result: `data-size-1M`. */
export function nameOfResult({ facts }: Result): string {
  const { scenario, sessionsBefore } = facts;
  return scenario === 'data-size' && sessionsBefore !== null ? `${scenario}-${compact(sessionsBefore)}` : scenario;
}

function compact(count: number): string {
  if (count > 0 && count % 1_000_000 === 0) return `${count / 1_000_000}M`;
  if (count > 0 && count % 1_000 === 0) return `${count / 1_000}k`;
  return String(count);
}
