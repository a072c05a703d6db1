import { z } from 'zod';

const MILLISECONDS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const BYTES = { KiB: 1_024, MiB: 1_048_576 } as const;

const unitOf = <Units extends Readonly<Record<string, number>>>(units: Units, unit: string | undefined): number =>
  (unit === undefined ? undefined : units[unit]) ?? Number.NaN;

const DURATION = /^(\d+)(ms|s|m|h|d)$/;
const SIZE = /^([1-9]\d*)(KiB|MiB)$/;

/**
 * A duration such as "100ms", "15s", "24h" or "28d". The unit is required, because a number without one is easily
 * misread.
 */
export const duration = z
  .string()
  .regex(DURATION, 'is not a time with its unit, such as 100ms, 15s, 24h or 28d')
  .transform((text) => Number.parseInt(text, 10) * unitOf(MILLISECONDS, DURATION.exec(text)?.[2]))
  .refine((milliseconds) => milliseconds > 0, 'is not more than 0');

export const size = z
  .string()
  .regex(SIZE, 'is not a size with its unit, such as 64MiB')
  .transform((text) => Number.parseInt(text, 10) * unitOf(BYTES, SIZE.exec(text)?.[2]));
