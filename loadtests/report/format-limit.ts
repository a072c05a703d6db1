import { formatUnit } from './format-value.ts';
import type { Limit } from './result.ts';

export const measuredOf = ({ measured, unit }: Limit): string =>
  measured === null ? 'not measured, or no answer' : formatUnit(measured, unit);

export const boundOf = ({ limit, unit }: Limit): string => (limit === 0 ? 'none' : `< ${formatUnit(limit, unit)}`);

export const missesOf = (limits: readonly Limit[]): string[] =>
  limits
    .filter(({ kept }) => !kept)
    .map((limit) => `${limit.what}: ${measuredOf(limit)}, the limit is ${boundOf(limit)}`);
