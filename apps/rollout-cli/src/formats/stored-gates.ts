import { visibleText, wrapped } from '@phaselock/core';
import { z } from 'zod';
import { table } from './table.ts';

const stored = z.array(
  z.looseObject({
    gate: z.string(),
    n: z.number().nullable(),
    planned: z.number().nullable(),
    failures: z.number().nullable(),
    upper: z.number().nullable(),
    limit: z.number().nullable(),
    outcome: z.string(),
    reason: z.string(),
    queries: z.array(z.string()),
    instances: z.array(z.looseObject({ instance: z.string(), n: z.number(), failures: z.number() })),
  }),
);

const share = (value: number | null): string => (value === null ? '-' : `${(value * 100).toFixed(2)} %`);

/**
 * Formats stored gates. An earlier version may have written them in another form; then a note replaces them, and the
 * rest of the history is still shown.
 */
export function storedGateLines(gates: unknown): string[] {
  const parsed = stored.safeParse(gates);
  if (!parsed.success) return ['its gates were written by another version: see --json'];
  if (parsed.data.length === 0) return [];
  const rows = [
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
  const details = parsed.data.flatMap(({ gate, reason, instances, queries }) => [
    ...wrapped(`${gate}: ${reason}`, '', WIDTH),
    ...instances.map(({ instance, n, failures }) => `  ${visibleText(instance)}: ${failures} of ${n}`),
    ...queries.map((query) => `  ${visibleText(query)}`),
  ]);
  return [...table(rows, { right: [1, 2, 3, 4] }), ...details];
}

/** Width of a line within an entry of the history. */
const WIDTH = 76;
