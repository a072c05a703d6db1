const UNITS = [
  ['days', 86_400_000],
  ['hours', 3_600_000],
  ['minutes', 60_000],
  ['seconds', 1_000],
] as const;

/**
 * Formats a share as a percentage such as "1.36 %". Three significant digits show on which side of a close limit a
 * confidence bound is.
 */
export const percentText = (share: number): string => `${Number((share * 100).toPrecision(3))} %`;

/** Formats a duration such as "28 days", rounded up, or "never" if it is infinite. */
export function durationText(milliseconds: number): string {
  if (!Number.isFinite(milliseconds)) return 'never';
  for (const [unit, length] of UNITS) {
    const count = milliseconds / length;
    if (count >= 2 || unit === 'seconds')
      return `${count < 10 ? Math.ceil(count * 10) / 10 : Math.ceil(count)} ${unit}`;
  }
  return '0 seconds';
}

/** Formats a number with three significant digits. */
export const numberText = (value: number): string => String(Number(value.toPrecision(3)));
