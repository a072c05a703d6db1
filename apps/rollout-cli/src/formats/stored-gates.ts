import { z } from 'zod';

const stored = z.array(
  z.looseObject({
    gate: z.string(),
    n: z.number().nullable(),
    planned: z.number().nullable(),
    failures: z.number().nullable(),
    upper: z.number().nullable(),
    limit: z.number().nullable(),
    outcome: z.string(),
    queries: z.array(z.string()),
  }),
);

const share = (value: number | null): string => (value === null ? '-' : `${(value * 100).toFixed(2)} %`);

/** Gates as an earlier version may have written them: what cannot be read is said, and the rest of the history is shown. */
export function gatesOf(gates: unknown): string[][] {
  const parsed = stored.safeParse(gates);
  if (!parsed.success) return [['its gates were written by another version: see --json']];
  if (parsed.data.length === 0) return [];
  return [
    ['gate', 'n', 'failures', 'bound', 'limit', ''],
    ...parsed.data.map(({ gate, n, planned, failures, upper, limit, outcome }) => [
      gate,
      `${n ?? '-'}/${planned ?? '-'}`,
      String(failures ?? '-'),
      share(upper),
      share(limit),
      outcome,
    ]),
  ];
}
